// The provider's page beside the call, and the guest who comes by its link.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertFits, launchBrowser, PHONE, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { lightIsOn, startFromHyperspace, visitOfTheDay, WAITING_PAGE, waitingPatient } from "./support/visits.mjs";

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

test("a provider sees who waits, and makes a link by which a guest comes", async () => {
  const visit = await visitOfTheDay(demo);
  const provider = await person(browser, { viewport: SMALL_PHONE, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await provider.context.newPage();
  await page.goto(`${demo.fakes}/demo/launch/visit-tools/${visit.csn}/${visit.providers[0].external_id}`);
  await page.getByRole("heading", { level: 1, name: "Visit tools" }).waitFor();
  await page.getByText("Nobody has come yet.").waitFor();
  await assertAccessible(page, "the tools");
  await assertFits(page, "the tools");
  await page.getByLabel("For whom").fill("Ivan, interpreter");
  await page.getByRole("button", { name: "Make a link" }).click();
  await page.getByText("The link is ready.").waitFor();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await assertAccessible(page, "the tools with a link");
  await assertFits(page, "the tools with a link");

  const guest = await person(browser, { viewport: PHONE });
  const his = await guest.context.newPage();
  await his.goto(link);
  await assertAccessible(his, "the invitation");
  await his.getByRole("button", { name: "Continue" }).click();
  await his.waitForURL(WAITING_PAGE);
  // The list of the provider's page renews itself.
  await page.getByRole("row", { name: /Ivan, interpreter.*Waiting/ }).waitFor();
  await page.getByRole("button", { name: "Take the link back" }).click();
  await page.getByText("The link has been taken back.").waitFor();
  await his.goto(link);
  const refused = his.getByRole("heading", { name: "This invitation is no longer valid" });
  await refused.waitFor();
  assert.deepEqual([...provider.complaints, ...guest.complaints], []);
});

test("a provider says whose telephone it is, and the patient's light goes on", async () => {
  const visit = await visitOfTheDay(demo, 1);
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser, { viewport: SMALL_PHONE })];
  await waitingPatient(patient, demo, 1);
  const started = await startFromHyperspace(provider, demo, 1);
  await started.waitForURL(/\/zoom\/s\//);
  const page = await provider.context.newPage();
  await page.goto(`${demo.fakes}/demo/launch/visit-tools/${visit.csn}/${visit.providers[0].external_id}`);
  await page.getByRole("row", { name: /Provider.*In the meeting/ }).waitFor();
  const [, meeting] = new URL(started.url()).pathname.match(/\/s\/(\d+)/);
  const call = { meeting: Number(meeting), number: "+15550100123" };
  const answer = await fetch(`${demo.fakes}/zoom/client/dial-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(call),
  });
  assert.equal(answer.status, 201);
  // The page renews itself.
  const whose = page.getByRole("region", { name: "Who is this?" });
  await whose.getByText("Telephone").waitFor();
  await assertAccessible(page, "the tools with a telephone");
  await assertFits(page, "the tools with a telephone");
  await whose.getByLabel("This is").selectOption({ label: `${visit.patient.name} (Patient)` });
  await whose.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  assert.equal(await whose.getByLabel("This is").locator("option:checked").textContent(), `${visit.patient.name} (Patient)`);
  await until("the light of the patient", 10_000, () => lightIsOn(demo, visit.csn));
  assert.deepEqual([...provider.complaints, ...patient.complaints], []);
});
