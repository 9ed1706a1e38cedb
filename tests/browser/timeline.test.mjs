// What happened to a visit, as whoever answers a support call reads it on the visit's page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, DESKTOP, launchBrowser, PHONE, person, SMALL_PHONE } from "./support/browser.mjs";
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
  await page.emulateMedia({ media: "print" });
  await page.locator("table.timeline").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "End for everybody" }).isVisible(), false, "forms stay off the paper");
  await page.emulateMedia({ media: "screen" });
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
