// An OpenID provider on loopback: the package `oidc-provider`, with its own pages for people, whatever they type as a password.

import { once } from "node:events";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const SECRET = "a-secret-of-the-browser-tests-and-no-other";

/**
 * @param {string} service where the service is.
 * @param {Record<string, string[]>} people the groups of everybody who may sign in, by the name that they type.
 */
export async function startProvider(service, people) {
  // Its address is in its metadata, so that the port has to be known first.
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "vestibule",
        client_secret: SECRET,
        redirect_uris: [`${service}/sign-in/openid/callback`],
        post_logout_redirect_uris: [`${service}/sign-in`],
      },
    ],
    scopes: ["openid", "groups"],
    claims: { openid: ["sub"], groups: ["groups"] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: people[id] ?? [] }) }),
    cookies: { keys: ["a key of the browser tests"] },
    features: { devInteractions: { enabled: true } },
  });
  const warnings = [];
  provider.on("server_error", (_, error) => warnings.push(String(error)));
  server.on("request", provider.callback());
  async function stop() {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
  return { issuer, secret: SECRET, warnings, stop };
}

/** Signs in on the provider's own pages, by whatever name, and agrees to what it asks. */
export async function signInThere(page, name) {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.locator('button[type="submit"]', { hasText: "Continue" }).click();
}
