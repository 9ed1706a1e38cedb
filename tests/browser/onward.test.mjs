// A launch whose way to the health record's sign-in would be too long for an address.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertFits, launchBrowser, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { joinFromMyChart, LONG_WAY, onwardPage, startFromHyperspace, WAITING_PAGE } from "./support/visits.mjs";

let demo;
let browser;

before(async () => {
  demo = await startDemo({ environment: LONG_WAY });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

test("the page goes on by itself, for a patient to the waiting page and for a provider to Zoom", async () => {
  const [patient, provider] = [await person(browser), await person(browser)];
  const waits = await joinFromMyChart(patient, demo, 0);
  await arrive(waits, WAITING_PAGE);
  const hosts = await startFromHyperspace(provider, demo, 0);
  await hosts.getByText("You are in the meeting as host.").waitFor();
  await waits.getByText("You are in the meeting.").waitFor();
  assert.deepEqual([...patient.complaints, ...provider.complaints], []);
  await Promise.all([patient.leave(), provider.leave()]);
});

test("without scripts a button goes on", async () => {
  const patient = await person(browser, { viewport: SMALL_PHONE, javaScriptEnabled: false });
  const { page, button } = await onwardPage(patient, demo, 1);
  await assertFits(page, "onward page");
  await pressUntilThere(page, button);
  await patient.leave();
});

/** A busy machine's browser has once lost a press on a page that it had just drawn; whoever sees the button still there presses again. */
async function pressUntilThere(page, button) {
  for (let presses = 1; ; presses += 1) {
    await button.click();
    try {
      return await arrive(page, WAITING_PAGE, { timeout: 10_000 });
    } catch (error) {
      if (presses === 3 || !(await button.isVisible())) throw error;
    }
  }
}
