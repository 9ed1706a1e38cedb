// The set-up page as an Epic administrator uses it: lines are copied, and a launch of each kind is tried at the fake Epic.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, launchBrowser, person, tabOpenedBy } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";

let demo;
let browser;

before(async () => {
  demo = await startDemo();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function setUp(someone) {
  const page = await someone.newPage();
  await page.goto(`${demo.service}/admin`);
  await page.getByRole("link", { name: "Lakeside Health", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "FDI records of Lakeside Health" }).waitFor();
  return page;
}

test("a button copies its line as it stands there", async () => {
  const someone = await person(browser);
  await someone.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: demo.service });
  const page = await setUp(someone);
  for (const [id, expected] of [
    ["patient-url", `${demo.service}/epic/lakeside/launch/patient`],
    ["provider-account", `${demo.service}/epic/launch/provider?acc_id=DemoZoomAccount1`],
    ["jwks-url", `${demo.service}/epic/lakeside/jwks.json`],
  ]) {
    await page.locator(`[data-copy="${id}"]`).click();
    await page.getByRole("status").filter({ hasText: "Copied." }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), expected);
  }
  await page.locator('[data-copy="patient-context"]').click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^csn=%CSN%&externalid=%\w+%&externalidtype=2&/);
  assert.deepEqual(someone.complaints, []);
  await someone.leave();
});

test("where the browser forbids copying the line is selected, and the page says so", async () => {
  const someone = await person(browser, { locale: "es-MX" });
  await someone.context.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  const page = await someone.newPage();
  await page.goto(`${demo.service}/admin/lakeside/fdi`);
  await page.getByRole("button", { name: "Copiar: CONTEXT" }).first().click();
  await page.getByRole("status").filter({ hasText: "cópielo con el teclado" }).waitFor();
  assert.match(await page.evaluate(() => String(getSelection())), /^csn=%CSN%/);
  assert.deepEqual(someone.complaints, []);
  await someone.leave();
});

test("without scripts the lines are there and no button that does nothing", async () => {
  const someone = await person(browser, { javaScriptEnabled: false });
  const page = await someone.newPage();
  await page.goto(`${demo.service}/admin/lakeside/fdi`);
  await page.getByText(`${demo.service}/epic/lakeside/launch/patient`, { exact: true }).waitFor();
  assert.equal(await page.getByRole("button").count(), 0);
  await someone.leave();
});

test("a sample launch goes through the fake Epic to where its kind leads", async () => {
  const someone = await person(browser);
  const page = await setUp(someone);
  const samples = page.getByRole("link", { name: /Try it with the demo’s Epic/ });
  assert.equal(await samples.count(), await page.locator('[id$="-context"]').count(), "one for each record");
  const sample = (kind) => page.locator(`section[aria-labelledby="${kind}"] a.sample`);
  const waiting = await tabOpenedBy(someone.context, () => sample("patient").click());
  await waiting.getByText("Please wait for the host to start this meeting").waitFor();
  const hosting = await tabOpenedBy(someone.context, () => sample("provider").click());
  await arrive(hosting, /\/zoom\//);
  assert.deepEqual(someone.complaints, []);
  await someone.leave();
});
