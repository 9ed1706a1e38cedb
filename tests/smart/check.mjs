// Checks the fake Epic with SMART's own client: an app that Epic launches logs in by its library, which has nothing from us.
//
// usage: node tests/smart/check.mjs <the built example `fakes`>, or its path in VESTIBULE_FAKES
import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import smart from "fhirclient";

const LAUNCH = "/epic/lakeside/launch/";
const SCOPE = "launch openid fhirUser user/Patient.read user/Practitioner.read user/RelatedPerson.read";
const PEOPLE = [
  { kind: "patient", csn: "10001", who: "WPR1", user: "Patient/ePatA", patient: "ePatA", name: "Hansen" },
  { kind: "provider", csn: "10002", who: "EMP501", user: "Practitioner/eProvRivera", patient: "ePatB", name: "Peña" },
  { kind: "patient", csn: "10004", who: "WPR14", user: "RelatedPerson/eRelBerg", patient: "ePatD", name: "Berg" },
];

let failures = 0;

function check(what, right, detail = "") {
  console.log(`${right ? "ok  " : "FAIL"} ${what}${right || detail === "" ? "" : `: ${detail}`}`);
  if (!right) failures += 1;
}

function same(what, found, expected) {
  check(what, found === expected, `${JSON.stringify(found)} in place of ${JSON.stringify(expected)}`);
}

/** The app that Epic launches: where it begins, where Epic sends people back to, and its keys. */
async function startApp() {
  const app = { options: {}, keys: [], landed: null };
  const kept = new Map();
  const storage = {
    get: async (key) => kept.get(key),
    set: async (key, value) => kept.set(key, value) && value,
    unset: async (key) => kept.delete(key),
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, app.url);
    try {
      if (pathname.startsWith(LAUNCH)) {
        kept.clear();
        await smart(request, response, storage).authorize({
          redirectUri: `${app.url}/epic/callback`, scope: SCOPE, pkceMode: "required", ...app.options,
        });
      } else if (pathname === "/epic/callback") {
        app.landed = { at: request.url, client: await smart(request, response, storage).ready() };
        response.end("logged in");
      } else if (pathname === "/epic/lakeside/jwks.json") {
        response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: app.keys }));
      } else {
        response.writeHead(404).end();
      }
    } catch (error) {
      app.landed = { at: request.url, error: String(error.message ?? error) };
      response.writeHead(403).end("not logged in");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  app.url = `http://127.0.0.1:${server.address().port}`;
  app.close = () => server.close();
  return app;
}

async function startFakes(program, app, proof) {
  const fakes = spawn(program, ["--service", app.url, "--epic-client", proof], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    fakes.on("error", reject);
    fakes.on("exit", (code) => reject(new Error(`the fakes ended with ${code}`)));
    createInterface({ input: fakes.stdout }).once("line", resolve);
  });
  return { ...JSON.parse(line), end: () => fakes.stdin.end() };
}

/** Presses the button of a person, follows every redirect as a browser does, and gives where that led. */
async function launch(app, epic, { kind, csn, who }) {
  const response = await fetch(`${epic.url}/demo/api/epic/launch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind, csn, external_id: who }),
  });
  app.landed = null;
  const { url } = await response.json();
  const answer = await fetch(url);
  return { status: answer.status, url: answer.url, ...app.landed };
}

/** The library only reads the id_token; whether it is Epic's is looked at here. */
async function isSignedByEpic(epic, token) {
  const metadata = await (await fetch(`${epic.url}/epic/oauth2/.well-known/openid-configuration`)).json();
  const { keys } = await (await fetch(metadata.jwks_uri)).json();
  const [header, claims, signature] = token.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(header, "base64url"));
  const key = keys.find((one) => one.kid === kid);
  const signed = Buffer.from(`${header}.${claims}`);
  return alg === "RS256" && key !== undefined
    && verify("sha256", signed, createPublicKey({ key, format: "jwk" }), Buffer.from(signature, "base64url"));
}

async function checkLogin(app, epic, person, proof) {
  const { status, client, error } = await launch(app, epic, person);
  const who = `${person.who} by ${proof}`;
  check(`${who} logs in`, status === 200 && client !== undefined, error);
  if (!client) return;
  const base = `${epic.url}/epic/api/FHIR/R4`;
  same(`${who}: the FHIR server`, client.state.serverUrl, base);
  check(`${who}: with PKCE`, client.state.codeVerifier?.length >= 43 && client.state.codeChallengeMethods.includes("S256"));
  same(`${who}: the patient in context`, client.patient.id, person.patient);
  same(`${who}: who it is`, client.user.fhirUser, person.user);
  same(`${who}: the CSN that CONTEXT brings`, client.state.tokenResponse.csn, person.csn);
  const claims = client.getIdToken();
  same(`${who}: the id_token's audience`, claims.aud, epic.epic.client_id);
  same(`${who}: its issuer`, claims.iss, `${epic.url}/epic/oauth2`);
  same(`${who}: its five minutes`, claims.exp - claims.iat, 300);
  check(`${who}: its signature`, await isSignedByEpic(epic, client.state.tokenResponse.id_token));
  const patient = await client.patient.read();
  same(`${who}: the patient is read`, `${patient.resourceType}/${patient.id} ${patient.name[0].family}`, `Patient/${person.patient} ${person.name}`);
  const user = await client.user.read();
  same(`${who}: the user is read`, `${user.resourceType}/${user.id}`, person.user);
}

async function checkRefused(what, app, epic, options, expected) {
  const right = app.options;
  app.options = { ...right, ...options };
  const { client, error, status } = await launch(app, epic, PEOPLE[0]);
  app.options = right;
  check(`refused: ${what}`, client === undefined && (expected === status || (error ?? "").includes(expected)), `${status} ${error}`);
}

/** A private key as the library takes it, and its public half as the app publishes it. */
function makeKey(kid) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const more = { kid, alg: "RS384" };
  return { own: { ...privateKey.export({ format: "jwk" }), ...more }, published: { ...publicKey.export({ format: "jwk" }), ...more, use: "sig" } };
}

async function withProof(program, proof, work) {
  const app = await startApp();
  const epic = await startFakes(program, app, proof);
  try {
    app.options = { clientId: epic.epic.client_id };
    await work(app, epic);
  } finally {
    epic.end();
    app.close();
  }
}

async function run(program) {
  await withProof(program, "public", async (app, epic) => {
    for (const person of PEOPLE) await checkLogin(app, epic, person, "PKCE alone");
    await checkRefused("a launch without PKCE", app, epic, { pkceMode: "disabled" }, "code_challenge");
    await checkRefused("a scope without launch", app, epic, { scope: "openid relaunch" }, "scope must hold launch");
    await checkRefused("another client", app, epic, { clientId: "somebody-else" }, 400);
    await checkRefused("another place to come back to", app, epic, { redirectUri: `${app.url}/elsewhere` }, 400);
  });
  await withProof(program, "secret", async (app, epic) => {
    app.options.clientSecret = epic.epic.client_secret;
    for (const person of PEOPLE) await checkLogin(app, epic, person, "secret");
    await checkRefused("a wrong secret", app, epic, { clientSecret: "wrong" }, "invalid_client");
    await checkRefused("no secret", app, epic, { clientSecret: undefined }, "invalid_client");
  });
  await withProof(program, "key", async (app, epic) => {
    const [key, stranger] = [makeKey("app-1"), makeKey("app-1")];
    app.keys = [key.published];
    app.options.clientPrivateJwk = key.own;
    app.options.clientPublicKeySetUrl = `${app.url}/epic/lakeside/jwks.json`;
    for (const person of PEOPLE) await checkLogin(app, epic, person, "key");
    await checkRefused("a key that is not published", app, epic, { clientPrivateJwk: stranger.own }, "invalid_client");
  });
}

const program = process.argv[2] ?? process.env.VESTIBULE_FAKES;
if (!program) {
  console.error("usage: node check.mjs <the built example `fakes`>, or its path in VESTIBULE_FAKES");
  process.exit(2);
}
await run(program);
console.log(failures === 0 ? "SMART's own client logs in at the fake Epic" : `${failures} checks failed`);
process.exit(failures === 0 ? 0 : 1);
