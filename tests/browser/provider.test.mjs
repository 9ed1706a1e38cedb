// What a provider sees when Zoom is slow or fails, and what people see inside a frame, where Zoom itself cannot be shown.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, launchBrowser, PHONE, person, SMALL_PHONE, tabOpenedBy } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { framed, startRecord } from "./support/record.mjs";
import { startFromHyperspace, visitOfTheDay, WAITING_PAGE, zoomFaults } from "./support/visits.mjs";

const HOSTING = "You are in the meeting as host.";

let demo;
let browser;
let record;

before(async () => {
  record = await startRecord();
  demo = await startDemo({ environment: record.environment });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  record?.stop();
});

test("a provider whose meeting takes long reads so, and is taken in as soon as it is there", async () => {
  await zoomFaults(demo, "POST", { call: "meetings.create", times: 1, kind: "slow", millis: 9_000 });
  const provider = await person(browser, { viewport: SMALL_PHONE, colorScheme: "dark" });
  const page = await startFromHyperspace(provider, demo, 0);
  await arrive(page, WAITING_PAGE);
  await page.getByText("Your meeting is being opened.").waitFor();
  await assertFits(page, "provider's waiting page");
  await assertAccessible(page, "provider's waiting page");
  await page.getByText(HOSTING).waitFor();
  assert.deepEqual(provider.complaints, []);
  await provider.leave();
});

test("a provider whose meeting Zoom refuses is told what to do, and the next start works", async () => {
  await zoomFaults(demo, "POST", { call: "meetings.create", times: 1, kind: "status", status: 400, code: 300, message: "Refused" });
  const provider = await person(browser);
  const page = await startFromHyperspace(provider, demo, 1);
  await arrive(page, WAITING_PAGE);
  await page.getByText("Your meeting could not be opened.").waitFor();
  await assertAccessible(page, "provider's waiting page after a refusal");
  const again = await startFromHyperspace(provider, demo, 1);
  await again.getByText(HOSTING).waitFor();
  await provider.leave();
});

test("a provider for whom Zoom has no link at the click is taken in by the page, which tries again by itself", async () => {
  // Each click asks Zoom up to four times: those of the launch and of the page's first try find nothing.
  await zoomFaults(demo, "POST", { call: "meetings.get", times: 8, kind: "status", status: 500, code: 0, message: "Trouble" });
  const provider = await person(browser);
  const page = await startFromHyperspace(provider, demo, 3);
  await arrive(page, WAITING_PAGE);
  await page.getByText("The video service does not answer at the moment. This page keeps trying.").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("again"), null, "a reload would not say so again");
  await assertAccessible(page, "provider's waiting page after a click in vain");
  await page.getByText(HOSTING).waitFor();
  assert.deepEqual(provider.complaints, []);
  await provider.leave();
});

test("inside a frame a link opens the meeting in a window of its own, for provider and patient", async () => {
  const visit = await visitOfTheDay(demo, 2);
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser)];
  const myChart = await framed(patient, record, demo, visit.patient.launch);
  await myChart.frame.getByText("Please wait for the host to start this meeting").waitFor();
  await assertAccessible(myChart.page, "waiting page in a frame");
  const hyperspace = await framed(provider, record, demo, visit.providers[0].launch);
  for (const [who, { page, frame }, arrived] of [
    [provider, hyperspace, HOSTING],
    [patient, myChart, "You are in the meeting."],
  ]) {
    await frame.getByRole("heading", { name: "Your meeting is ready" }).waitFor();
    await assertAccessible(page, "stand-in page");
    const link = frame.getByRole("link", { name: "Open the meeting" });
    const meeting = await tabOpenedBy(who.context, () => link.click());
    await meeting.getByText(arrived).waitFor();
    assert.deepEqual(who.complaints, []);
    await meeting.getByRole("button", { name: "Leave" }).waitFor();
  }
  await Promise.all([patient.leave(), provider.leave()]);
});
