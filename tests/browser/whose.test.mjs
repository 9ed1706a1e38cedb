// Who somebody in the meeting is, as the provider says who hears them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertFits, launchBrowser, PHONE, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { lightIsOn, startFromHyperspace, visitOfTheDay, waitingPatient } from "./support/visits.mjs";

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
