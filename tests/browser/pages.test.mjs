// Every page of the service as people meet it: accessible, fitting a small phone, in light and dark, and strict.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, DESKTOP, launchBrowser, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { startFromHyperspace, visitOfTheDay, waitingPatient } from "./support/visits.mjs";

const PAGES = [
  { name: "index", path: "/", heading: "Vestibule" },
  { name: "live board", path: "/ops", heading: "Live visits" },
  { name: "records", path: "/records", heading: "Notification records" },
  { name: "records, bad search", path: "/records?organization=lakeside&meeting_id=12", heading: "Notification records", status: 400 },
  { name: "records, nothing found", path: "/records?organization=lakeside&csn=99999", heading: "Notification records" },
  { name: "downtime list", path: "/downtime/lakeside", heading: /^Lakeside Health: video visits of \d/ },
  { name: "records by filters", path: "/records?organization=lakeside&outcome=parked&epic_code=INVALID-USER-ID&from=2026-11-23", heading: "Notification records" },
  { name: "records, bad time", path: "/records?organization=lakeside&from=soon", heading: "Notification records", status: 400 },
  { name: "audit", path: "/audit?organization=lakeside", heading: "Audit of Lakeside Health" },
  { name: "audit of the service", path: "/audit?who=nobody", heading: "Audit of the service" },
  { name: "audit, bad search", path: "/audit?organization=lakeside&from=soon&csn=%C3%A9&action=lunch", heading: "Audit of Lakeside Health", status: 400 },
  { name: "audit, no such place", path: "/audit?organization=lakeside&before=x", heading: "Audit of Lakeside Health", status: 400 },
  { name: "set-up", path: "/admin", heading: "Set-up in Epic" },
  { name: "Zoom account", path: "/admin/lakeside/zoom", heading: "Zoom account of Lakeside Health" },
  { name: "Zoom account in Spanish", path: "/admin/lakeside/zoom?lang=es", heading: "Cuenta de Zoom de Lakeside Health" },
  { name: "FDI records", path: "/admin/lakeside/fdi", heading: "FDI records of Lakeside Health" },
  { name: "FDI records in Spanish", path: "/admin/lakeside/fdi?lang=es", heading: "Registros FDI de Lakeside Health" },
  { name: "sign-in", path: "/sign-in", heading: "Sign in", guarded: true },
  { name: "board without sign-in", path: "/ops", heading: "Sign in", guarded: true },
  { name: "unknown organization", path: "/epic/nowhere/launch/patient?iss=x&launch=y", status: 404 },
  { name: "unknown kind", path: "/epic/lakeside/launch/nonsense?iss=x&launch=y", status: 404 },
  { name: "foreign iss", path: "/epic/lakeside/launch/patient?iss=https://evil.example/FHIR/R4&launch=y", status: 403 },
  { name: "forged state", path: "/epic/callback?code=x&state=forged", status: 400 },
  { name: "unknown ticket", path: "/visit/no-such-ticket", status: [403, 404] },
];

/** What an A4 sheet has between the margins that browsers leave, at 96 pixels to the inch. */
const PAPER = { width: 717, height: 1046 };
const TOKEN = "a-token-for-the-browser-tests-0123456789";

let demo;
/** A second one, whose staff pages want a token. */
let guardedDemo;
let browser;
/** Where the first writes its lists for when it is gone. */
let lists;

before(async () => {
  lists = await mkdtemp(join(tmpdir(), "vestibule-lists-"));
  demo = await startDemo({ environment: { VESTIBULE__DOWNTIME__DIR: lists, VESTIBULE__DOWNTIME__EVERY: "10s" } });
  const access = { VESTIBULE__ACCESS__MODE: "token", VESTIBULE__ACCESS__TOKENS: JSON.stringify([TOKEN]) };
  guardedDemo = await startDemo({ environment: access, more: ["--zoom-consent"] });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await guardedDemo?.stop();
  await rm(lists, { recursive: true, force: true });
});

for (const { name, path, heading, status = 200, guarded = false } of PAGES) {
  const address = () => (guarded ? guardedDemo : demo).service + path;


  test(`${name} is accessible and fits, small and large, light and dark`, async () => {
    for (const [viewport, colorScheme] of [
      [SMALL_PHONE, "light"],
      [DESKTOP, "dark"],
    ]) {
      const someone = await person(browser, { viewport, colorScheme });
      const page = await someone.newPage();
      const answer = await page.goto(address());
      assert.ok([status].flat().includes(answer.status()), `${name} answered ${answer.status()}`);
      if (heading) await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await assertFits(page, name);
      await assertAccessible(page, `${name}, ${colorScheme}`);
      assert.deepEqual(someone.complaints, []);
      await someone.leave();
    }
  });

  test(`${name} is served with a strict policy`, async () => {
    const answer = await fetch(address(), { headers: { accept: "text/html" } });
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors/);
    assert.doesNotMatch(policy, /unsafe-|\*(?!\.zoom)/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("referrer-policy"), "same-origin");
  });
}

test("a token opens the board, a wrong one says so, and signing out closes it", async () => {
  const operator = await person(browser);
  const page = await operator.newPage();
  await page.goto(`${guardedDemo.service}/sign-in?next=%2Fops`);
  await page.getByLabel("Access token").fill("not-the-token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "This token is not valid" }).waitFor();
  await assertAccessible(page, "sign-in after a wrong token");
  await page.getByLabel("Access token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Live visits" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await assertAccessible(page, "board of somebody who signed in");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await page.goto(`${guardedDemo.service}/ops`);
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  assert.deepEqual(operator.complaints, []);
  await operator.leave();
});

test("an administrator connects the Zoom account on Zoom's page, and is told what came of it", async () => {
  const administrator = await person(browser);
  const page = await administrator.newPage();
  await page.goto(`${guardedDemo.service}/sign-in?next=%2Fadmin%2Flakeside%2Fzoom`);
  await page.getByLabel("Access token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  for (const [choice, heading] of [
    ["Decline", "Zoom was not connected"],
    ["Allow", "Zoom is connected"],
  ]) {
    await page.getByRole("button", { name: "Connect to Zoom" }).click();
    await page.getByRole("link", { name: choice }).click();
    await see(page, page.getByRole("heading", { level: 1, name: heading }));
    await assertAccessible(page, heading);
    await page.setViewportSize(SMALL_PHONE);
    await assertFits(page, heading);
    await page.setViewportSize(DESKTOP);
    await page.getByRole("link", { name: "To the page about the Zoom account" }).click();
    await see(page, page.getByRole("heading", { level: 1, name: "Zoom account of Lakeside Health" }));
  }
  await see(page, page.getByRole("button", { name: "Re-authenticate" }));
  const scopes = page.getByRole("table").getByRole("row");
  assert.equal(await scopes.filter({ hasText: "missing" }).count(), 0);
  await assertAccessible(page, "a Zoom account that was connected");
  assert.deepEqual(administrator.complaints, []);
  await administrator.leave();
});

test("the downtime list on paper has its table whole, and nothing that only a screen can use", async () => {
  const [provider, clerk] = [await person(browser), await person(browser, { viewport: PAPER })];
  const { csn } = await visitOfTheDay(demo, 1);
  const page = await clerk.newPage();
  await page.goto(`${demo.service}/downtime/lakeside`);
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: csn, exact: true }) });
  assert.equal(await row.count(), 0, "nobody has come yet");
  await arrive(await startFromHyperspace(provider, demo, 1), /\/zoom\/s\//);
  const { meeting } = await (await fetch(`${demo.service}/api/v1/visits/lakeside/${csn}`)).json();
  // The list keeps itself as it is by now.
  await row.filter({ hasText: meeting.id.slice(-4) }).waitFor();
  await page.emulateMedia({ media: "print" });
  assert.ok(await row.isVisible());
  assert.equal((await row.getByRole("cell").nth(3).innerText()).replace(/\D/g, ""), meeting.id);
  assert.equal(await page.locator("a, button, input, select, textarea, nav, form").filter({ visible: true }).count(), 0);
  await assertFits(page, "the list on a sheet of paper");
  const hidden = await page.getByRole("region").evaluate((frame) => frame.scrollWidth - frame.clientWidth);
  assert.ok(hidden <= 0, `${hidden} px of the table are not on the paper`);
  const sheets = (await page.pdf({ format: "A4" })).toString("latin1").match(/\/Type\s*\/Page\b/g);
  assert.equal(sheets.length, 1);
  assert.deepEqual(clerk.complaints, []);
  await Promise.all([provider.leave(), clerk.leave()]);
});

test("a downtime list stays where the sign-in ends, or something else answers in its place", async () => {
  const clerk = await person(browser);
  const page = await clerk.newPage();
  const other = { status: 200, contentType: "text/html", body: "<!doctype html><title>Sign in</title><h1>Sign in</h1>" };
  await page.route("**/downtime/lakeside", (route) =>
    route.request().isNavigationRequest() ? route.continue() : route.fulfill(other),
  );
  const looked = page.waitForResponse((response) => !response.request().isNavigationRequest() && response.url().endsWith("/downtime/lakeside"));
  await page.goto(`${demo.service}/downtime/lakeside`);
  await (await looked).finished();
  await page.evaluate(() => new Promise((turn) => setTimeout(turn)));
  for (const part of ["heading", "as-of", "visits"]) assert.ok(await page.locator(`[data-part="${part}"]`).isVisible(), part);
  assert.deepEqual(clerk.complaints, []);
  await clerk.leave();
});

test("the list that is written on a timer opens from the disk, without a service, on whatever is at hand", async () => {
  const provider = await person(browser);
  const { csn } = await visitOfTheDay(demo, 2);
  await arrive(await startFromHyperspace(provider, demo, 2), /\/zoom\/s\//);
  const { meeting } = await (await fetch(`${demo.service}/api/v1/visits/lakeside/${csn}`)).json();
  const file = join(lists, "lakeside.html");
  await until("the list to have the meeting", 25_000, async () => (await readFile(file, "utf8").catch(() => "")).includes(meeting.id));
  for (const [viewport, colorScheme] of [
    [SMALL_PHONE, "light"],
    [DESKTOP, "dark"],
  ]) {
    const clerk = await person(browser, { viewport, colorScheme, offline: true });
    const asked = [];
    clerk.context.on("request", (request) => asked.push(request.url()));
    const page = await clerk.newPage();
    await page.goto(`file://${file}`);
    await see(page, page.getByRole("heading", { level: 1, name: /^Lakeside Health: video visits of \d/ }));
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: csn, exact: true }) });
    assert.equal((await row.getByRole("cell").nth(3).innerText()).replace(/\D/g, ""), meeting.id);
    const font = await page.locator("body").evaluate((body) => getComputedStyle(body).fontFamily);
    assert.match(font, /sans-serif/, "its style is in it, and allowed by its own policy");
    await assertFits(page, "the list as a file");
    assert.deepEqual(asked, [`file://${file}`], "it loads nothing");
    await assertAccessible(page, `the list as a file, ${colorScheme}`);
    assert.deepEqual(clerk.complaints, []);
    await clerk.leave();
  }
  await provider.leave();
});

test("a search that cannot be made is told beside its fields, and keeps what was entered", async () => {
  const operator = await person(browser, { viewport: SMALL_PHONE });
  const page = await operator.newPage();
  await page.goto(`${demo.service}/records?organization=lakeside`);
  const entered = [
    ["Zoom meeting ID", "12", "A Zoom meeting ID has 9 to 12 digits"],
    ["From", "soon", "Enter a time as"],
    ["RespCode", "7", "A RespCode is a number"],
    ["Epic’s code", "two words", "A code from Epic has at most 64"],
  ];
  const field = (label) => page.getByLabel(label, { exact: true });
  await field("Organization").selectOption("lakeside");
  for (const [label, text] of entered) await field(label).fill(text);
  await field("RespCode").press("Enter");
  for (const [label, text, told] of entered) {
    await page.locator('[aria-invalid="true"]').and(field(label)).waitFor();
    assert.equal(await field(label).inputValue(), text);
    const beside = page.locator(`#${await field(label).getAttribute("aria-describedby")}`);
    assert.ok((await beside.textContent()).startsWith(told), label);
  }
  assert.equal(await page.locator('[aria-invalid="true"]').count(), entered.length);
  assert.equal(await page.locator(".banner").count(), 0);
  await assertFits(page, "a search with mistakes");
  await assertAccessible(page, "a search with mistakes");
  assert.deepEqual(operator.complaints, []);
  await operator.leave();
});

test("a waiting page in somebody else's browser shows the visit but lets nobody in", async () => {
  const patient = await person(browser);
  const stranger = await person(browser);
  const address = (await waitingPatient(patient, demo, 3)).url();
  const ticket = new URL(address).pathname;
  const answer = await stranger.context.request.post(`${demo.service}${ticket}/join`, { maxRedirects: 0 });
  assert.equal(answer.status(), 403);
  assert.doesNotMatch(await answer.text(), /zoom\/|\/w\/|tk=/);
  await patient.leave();
  await stranger.leave();
});

test("error pages speak plainly: a reference, what to do, and nothing of the machine", async () => {
  const someone = await person(browser);
  const page = await someone.newPage();
  await page.goto(`${demo.service}/epic/callback?code=x&state=forged`);
  await page.getByRole("heading", { name: "This link has expired" }).waitFor();
  await page.getByText("open the visit again from MyChart").waitFor();
  const reference = await page.locator(".reference code").first().innerText();
  assert.match(reference, /^[\w-]{8,}$/);
  assert.doesNotMatch(await page.locator("body").innerText(), /panic|Error:|src\/|stack/i);
  await someone.leave();
});

test("a Spanish browser gets Spanish error pages", async () => {
  const someone = await person(browser, { locale: "es-MX" });
  const page = await someone.newPage();
  await page.goto(`${demo.service}/epic/callback?code=x&state=forged`);
  await page.getByRole("heading", { name: "Este enlace ha caducado" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
  await someone.leave();
});

test("static files may be kept for good under their version, and only there", async () => {
  const html = await (await fetch(`${demo.service}/ops`)).text();
  const [, path] = /href="(\/assets\/[^"]+site\.css)"/.exec(html);
  const kept = await fetch(demo.service + path);
  assert.match(kept.headers.get("cache-control"), /immutable/);
  assert.match(kept.headers.get("content-type"), /^text\/css/);
  const again = await fetch(demo.service + path, { headers: { "if-none-match": kept.headers.get("etag") } });
  assert.equal(again.status, 304);
  const other = await fetch(demo.service + path.replace(/\/assets\/[^/]+/, "/assets/0000000000000000"));
  assert.doesNotMatch(other.headers.get("cache-control"), /immutable/);
  const missing = await fetch(`${demo.service}/assets/x/none.css`);
  assert.equal(missing.status, 404);
});
