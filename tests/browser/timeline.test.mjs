// What happened to a visit, as whoever answers a support call reads it on the visit's page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { A4, arrive, assertAccessible, assertFits, assertOnPaper, DESKTOP, launchBrowser, PHONE, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { lightIsOn, startFromHyperspace, visitOfTheDay, waitingPatient, zoomWeather } from "./support/visits.mjs";

let demo;
let browser;

before(async () => {
  demo = await startDemo({ environment: { VESTIBULE__PAGE__CHECK_AFTER: "3s", VESTIBULE__PAGE__CHECK_EVERY: "3s" } });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** The sentences of the timeline, in their order. */
async function told(page) {
  return page.locator("table.timeline tbody td:nth-child(2)").allInnerTexts();
}

test("the timeline of a visit tells the story in order, small and large, light and dark, on paper and without script", async () => {
  const visit = await visitOfTheDay(demo, 0);
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser, { viewport: DESKTOP })];
  await waitingPatient(patient, demo, 0);
  const started = await startFromHyperspace(provider, demo, 0);
  await arrive(started, /\/zoom\/s\//);
  await until("the patient's light", 20_000, () => lightIsOn(demo, visit.csn));
  const address = `${demo.service}/visits/lakeside/${visit.csn}`;
  const who = `Patient ${visit.patient.external_id}`;
  for (const [viewport, colorScheme, javaScriptEnabled] of [
    [SMALL_PHONE, "light", true],
    [DESKTOP, "dark", true],
    [DESKTOP, "light", false],
  ]) {
    const reader = await person(browser, { viewport, colorScheme, javaScriptEnabled });
    const page = await reader.newPage();
    await page.goto(address);
    await page.getByRole("heading", { level: 2, name: "Timeline" }).waitFor();
    const lines = await told(page);
    let place = -1;
    for (const part of [`${who} launched the visit.`, "The visit has the Zoom meeting", "The visit is now: in progress.", `meeting.participant_joined: ${who}`, `Epic has acknowledged: ${who} has joined.`]) {
      const next = lines.findIndex((line, at) => at > place && line.includes(part));
      assert.ok(next > place, `${part} is not where it should be in ${JSON.stringify(lines, null, 1)}`);
      place = next;
    }
    assert.ok(lines.every((line) => !line.includes(visit.patient.name)), "nobody is named");
    if (javaScriptEnabled) {
      await assertFits(page, `the timeline, ${viewport.width} px`);
      await assertAccessible(page, `the timeline, ${colorScheme}`);
    }
    assert.deepEqual(reader.complaints, []);
    await reader.leave();
  }
  const operator = await person(browser, { viewport: DESKTOP });
  const page = await operator.newPage();
  await page.goto(address);
  await page.setViewportSize(A4);
  await page.emulateMedia({ media: "print" });
  await page.locator("table.timeline").first().waitFor();
  await assertOnPaper(page, "a visit");
  await page.goto(`${demo.service}/records?organization=lakeside&csn=${visit.csn}`);
  await page.getByRole("row").filter({ hasText: "delivered" }).first().waitFor();
  await assertOnPaper(page, "notification records");
  await page.emulateMedia({ media: "screen" });
  await page.setViewportSize(DESKTOP);
  await page.goto(address);
  // What an operator does is in it at once, with the reason.
  const end = page.getByRole("form", { name: "End the meeting" });
  await end.getByLabel("Reason").fill("the ward rang up");
  await end.getByRole("button", { name: "End for everybody" }).click();
  await page.getByText("The meeting is being ended for everybody.").waitFor();
  await until("the end to be told", 20_000, async () => {
    await page.reload();
    const lines = await told(page);
    return lines.some((line) => line.includes("ended the meeting for everybody") && line.includes("the ward rang up")) && lines.some((line) => line.includes("The visit is now: ended."));
  });
  const [json] = await Promise.all([page.waitForEvent("response"), page.getByRole("link", { name: "As JSON" }).click()]);
  assert.equal(json.status(), 200);
  assert.deepEqual(operator.complaints, []);
  assert.deepEqual([...provider.complaints, ...patient.complaints], []);
});

test("events that come twice, that come late, and that never come are marked so", async () => {
  const visit = await visitOfTheDay(demo, 1);
  const [patient, provider, operator] = [await person(browser, { viewport: PHONE }), await person(browser), await person(browser)];
  const phone = await waitingPatient(patient, demo, 1);
  // Nothing tells that the meeting has begun, until Zoom is asked.
  await zoomWeather(demo, { lose: 1 });
  const started = await startFromHyperspace(provider, demo, 1);
  await arrive(started, /\/zoom\/s\//);
  await see(phone, phone.getByText("You are in the meeting."));
  await phone.getByRole("button", { name: "Leave" }).click();
  await zoomWeather(demo, { duplicate: 1, delay_millis: 11_000 });
  await phone.getByRole("button", { name: "Join again" }).click();
  const page = await operator.newPage();
  await page.goto(`${demo.service}/visits/lakeside/${visit.csn}`);
  const joined = `meeting.participant_joined: Patient ${visit.patient.external_id}`;
  for (const [text, mark] of [
    ["Zoom was asked, and the meeting runs", "repaired"],
    [joined, /^late by \d\d s$/],
    [joined, "duplicate"],
  ]) {
    const marks = page.locator("table.timeline tr").filter({ hasText: text }).locator(".tone").filter({ hasText: mark });
    await see(page, marks.first());
  }
  await until("the patient's light", 20_000, () => lightIsOn(demo, visit.csn));
  await zoomWeather(demo);
  await assertAccessible(page, "a timeline with marks");
  await page.setViewportSize(SMALL_PHONE);
  await assertFits(page, "a timeline with marks, on a small phone");
  assert.deepEqual([...operator.complaints, ...provider.complaints, ...patient.complaints], []);
});
