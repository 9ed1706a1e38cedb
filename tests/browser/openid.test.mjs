// People who sign in at an OpenID provider of others' making, and whoever breaks the glass when it is away.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, launchBrowser, PHONE, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { freePort, startDemo } from "./support/demo.mjs";
import { signInThere, startProvider } from "./support/provider.mjs";
import { visitOfTheDay, waitingPatient } from "./support/visits.mjs";

const GLASS = "emergency-secret-in-a-sealed-envelope";
const PEOPLE = { olga: ["video-operators"], vera: ["video-viewers"], hilda: ["hill-admins"], stella: ["gardeners"] };
const FDI = "/admin/lakeside/fdi";

let demo;
let browser;
let provider;

before(async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  provider = await startProvider(`http://${listen}`, PEOPLE);
  demo = await startDemo({ listen, environment: settings(provider) });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await provider?.stop();
});

function settings({ issuer, secret }) {
  const set = {
    ACCESS__MODE: "token",
    ACCESS__OPENID__ISSUER: issuer,
    ACCESS__OPENID__CLIENT_ID: "vestibule",
    ACCESS__OPENID__CLIENT_SECRET: secret,
    ACCESS__OPENID__SCOPES: '["openid", "groups"]',
    ACCESS__OPENID__LABEL: "Lakeside ID",
    ACCESS__BREAK_GLASS__TOKEN: GLASS,
    ...grant("OPERATORS", "video-operators", "operator", "lakeside"),
    ...grant("VIEWERS", "video-viewers", "viewer", "lakeside"),
    ...grant("HILL", "hill-admins", "administrator", "hillside"),
    ...hillside(),
  };
  return Object.fromEntries(Object.entries(set).map(([name, value]) => [`VESTIBULE__${name}`, value]));
}

function grant(name, claim, role, organization) {
  return {
    [`ACCESS__GRANT__${name}__CLAIM`]: JSON.stringify([claim]),
    [`ACCESS__GRANT__${name}__ROLE`]: role,
    [`ACCESS__GRANT__${name}__ORGANIZATIONS`]: JSON.stringify([organization]),
  };
}

/** Another organization, of which those of the first are not told; nobody calls its Epic or Zoom. */
function hillside() {
  const own = {
    NAME: "Hillside Clinic",
    EPIC__FHIR_BASE_URL: "http://127.0.0.1:1/api/FHIR/R4",
    EPIC__TELEHEALTH_BASE_URL: "http://127.0.0.1:1",
    EPIC__CLIENT_ID: "hillside",
    EPIC__CLIENT_SECRET: "hillside",
    EPIC__STATUS_AUTH: "basic",
    EPIC__STATUS_USER: "u",
    EPIC__STATUS_PASSWORD: "p",
    ZOOM__ACCOUNT_ID: "hillside",
    ZOOM__CLIENT_ID: "hillside",
    ZOOM__CLIENT_SECRET: "hillside",
    ZOOM__WEBHOOK_SECRET_TOKENS: '["hillside"]',
  };
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`ORGANIZATION__HILLSIDE__${name}`, value]));
}

/** Somebody who has opened a page and is at the provider. */
async function atProvider(path = FDI) {
  const someone = await person(browser);
  const page = await someone.newPage();
  await page.goto(demo.service + path);
  await page.getByRole("link", { name: "Sign in with Lakeside ID" }).click();
  await arrive(page, `${provider.issuer}/**`);
  return { someone, page };
}

async function signedIn(name, path = FDI) {
  const { someone, page } = await atProvider(path);
  await signInThere(page, name);
  await arrive(page, `${demo.service}/**`);
  return { someone, page };
}

/** What the browser said against our pages; the provider's own load a font from elsewhere. */
const ours = ({ complaints }) => complaints.filter((complaint) => !complaint.includes("fonts.g"));

const status = async ({ context }, path) => (await context.request.get(demo.service + path, { maxRedirects: 0 })).status();

test("a person signs in with the role of their group, is told of no other organization, and signs out", async () => {
  const { someone, page } = await signedIn("olga");
  await page.getByRole("heading", { level: 1, name: "FDI records of Lakeside Health" }).waitFor();
  await assertAccessible(page, "a page of somebody who signed in at the provider");
  await page.goto(`${demo.service}/admin`);
  assert.equal(await page.getByText("Hillside").count(), 0);
  assert.equal(await status(someone, "/admin/hillside/fdi"), 404);
  assert.equal(await status(someone, "/admin/nowhere/fdi"), 404);
  assert.equal(await status(someone, "/metrics"), 403);
  const cookie = (await someone.context.cookies(demo.service)).find(({ name }) => name === "vestibule_session");
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Lax"]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You have signed out here.").waitFor();
  await assertAccessible(page, "after signing out");
  const out = page.getByRole("link", { name: "Sign out of Lakeside ID as well" });
  assert.match(await out.getAttribute("href"), new RegExp(`^${provider.issuer}/session/end\\?client_id=vestibule&`));
  // The cookie alone opens nothing any more.
  await someone.context.addCookies([cookie]);
  assert.equal(await status(someone, FDI), 303);
  assert.deepEqual(ours(someone), []);
  await someone.leave();
});

test("a viewer sees a visit, its page and the board, and nothing with which to do something about it", async () => {
  const patient = await person(browser, { viewport: PHONE });
  await waitingPatient(patient, demo);
  const { csn, patient: who } = await visitOfTheDay(demo);
  for (const [name, may] of [
    ["olga", true],
    ["vera", false],
  ]) {
    const { someone, page } = await signedIn(name, "/ops");
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: csn, exact: true }) });
    await see(page, row.getByText("patient: waiting, light off"));
    assert.equal(await page.getByRole("button", { name: `Act on visit ${csn}` }).count(), may ? 1 : 0, `${name} on the board`);
    await assertAccessible(page, `the board of ${name}`);
    await row.getByRole("rowheader").getByRole("link").click();
    await see(page, page.getByRole("heading", { level: 1, name: `Visit ${csn}` }));
    await see(page, page.getByText(`Patient ${who.external_id} launched the visit.`));
    assert.equal((await page.locator("#visit form").count()) > 0, may, `${name} on the page of the visit`);
    await assertAccessible(page, `the page of a visit of ${name}`);
    assert.deepEqual(ours(someone), []);
    await someone.leave();
  }
  await patient.leave();
});

test("each has what their own group has, and whoever has none is told so", async () => {
  const viewer = await signedIn("vera", "/ops");
  await viewer.page.getByRole("heading", { level: 1, name: "Live visits" }).waitFor();
  assert.equal(await status(viewer.someone, FDI), 403);
  const hill = await signedIn("hilda", "/admin");
  await hill.page.getByRole("link", { name: "Hillside Clinic", exact: true }).waitFor();
  assert.equal(await hill.page.getByText("Lakeside Health").count(), 0);
  assert.equal(await status(hill.someone, FDI), 404);
  const { someone: stranger, page } = await signedIn("stella", "/ops");
  await page.getByRole("alert").filter({ hasText: "no role is given to you here" }).waitFor();
  await assertAccessible(page, "sign-in of somebody without a role");
  assert.equal(await status(stranger, "/ops"), 303);
  for (const { someone } of [viewer, hill, { someone: stranger }]) await someone.leave();
});

test("a way back is good once, and in no other browser", async () => {
  const { someone, page } = await atProvider("/ops");
  const callbacks = [];
  page.on("request", (request) => {
    if (request.url().includes("/sign-in/openid/callback")) callbacks.push(request.url());
  });
  await signInThere(page, "olga");
  await page.getByRole("heading", { level: 1, name: "Live visits" }).waitFor();
  assert.equal(callbacks.length, 1);
  await page.goto(callbacks[0]);
  await page.getByRole("alert").filter({ hasText: "was used before" }).waitFor();

  // Somebody else's way, sent as a link: whoever opens it must not become them.
  const { someone: attacker } = await signedIn("hilda", "/admin");
  const onward = async (url) => (await attacker.context.request.get(url, { maxRedirects: 0 })).headers().location;
  const link = await onward(await onward(`${demo.service}/sign-in/openid?next=%2Fops`));
  assert.match(link, new RegExp(`^${demo.service}/sign-in/openid/callback\\?code=`));
  const victim = await person(browser);
  const opened = await victim.newPage();
  const answer = await opened.goto(link);
  assert.equal(answer.status(), 400);
  assert.deepEqual((await victim.context.cookies(demo.service)).filter(({ name }) => name === "vestibule_session"), []);
  for (const one of [someone, attacker, victim]) await one.leave();
});

test("whoever gives up at the provider comes back to the sign-in", async () => {
  const { someone, page } = await atProvider("/ops");
  await page.getByRole("link", { name: /Cancel/ }).click();
  await arrive(page, `${demo.service}/**`);
  await page.getByRole("alert").filter({ hasText: "was not completed" }).waitFor();
  await page.getByRole("link", { name: "Sign in with Lakeside ID" }).waitFor();
  await someone.leave();
});

test("the emergency access asks for a reason, is shown on every page, and ends with the sign-out", async () => {
  for (const viewport of [SMALL_PHONE, undefined]) {
    const someone = await person(browser, viewport ? { viewport } : {});
    const page = await someone.newPage();
    await page.goto(`${demo.service}/sign-in?next=%2Fops`);
    await assertAccessible(page, "sign-in");
    await page.getByRole("link", { name: "Emergency access" }).click();
    await page.getByLabel("Emergency secret").fill("not-the-secret");
    await page.getByLabel("Reason").fill("the provider is away");
    await page.getByRole("button", { name: "Sign in as administrator of everything" }).click();
    await page.getByRole("alert").filter({ hasText: "not the one" }).waitFor();
    assert.equal(await page.getByLabel("Reason").inputValue(), "the provider is away");
    await assertAccessible(page, "emergency access");
    await assertFits(page, "emergency access");
    await page.getByLabel("Emergency secret").fill(GLASS);
    await page.getByRole("button", { name: "Sign in as administrator of everything" }).click();
    await page.getByRole("heading", { level: 1, name: "Live visits" }).waitFor();
    for (const path of ["/ops", "/ops?wall=dark", "/downtime/lakeside", "/records", "/admin", FDI, "/admin/hillside/fdi", "/admin/lakeside/zoom"]) {
      await page.goto(demo.service + path);
      await page.getByRole("status").filter({ hasText: "Emergency access is in use" }).waitFor();
      await assertFits(page, path);
      await assertAccessible(page, `${path} in an emergency`);
    }
    // A list on paper is the list alone.
    await page.goto(`${demo.service}/downtime/lakeside`);
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.getByRole("heading", { level: 1, name: /video visits of/ }).isVisible());
    for (const hidden of [page.getByText("Emergency access is in use"), page.locator("header"), page.locator(".skip")]) {
      assert.equal(await hidden.isVisible(), false);
    }
    await page.emulateMedia({ media: null });
    const metrics = await (await someone.context.request.get(`${demo.service}/metrics`)).text();
    assert.match(metrics, /vestibule_break_glass_sign_ins_total [12]\n/);
    await page.goto(`${demo.service}/ops`);
    await page.getByRole("button", { name: "Sign out" }).click();
    assert.equal(await status(someone, "/ops"), 303);
    assert.deepEqual(ours(someone), []);
    await someone.leave();
  }
});

test("no page of the service shows inside a page of another site", async () => {
  const site = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>Another site</title>"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const someone = await person(browser);
  const page = await someone.newPage();
  for (const path of ["/sign-in", "/sign-in/break-glass", "/ops"]) {
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    const refused = page.waitForEvent("console", { predicate: (message) => message.text().includes("frame-ancestors 'none'") });
    await page.evaluate((url) => {
      const frame = document.createElement("iframe");
      frame.src = url;
      document.body.append(frame);
    }, demo.service + path);
    await refused;
  }
  await someone.leave();
  site.closeAllConnections();
  site.close();
});
