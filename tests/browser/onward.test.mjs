// A launch whose way to the health record's sign-in would be too long for an address.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertFits, launchBrowser, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { joinFromMyChart, startFromHyperspace, WAITING_PAGE } from "./support/visits.mjs";

const MORE_SCOPES = Array.from({ length: 60 }, (_, number) => `user/AnotherResource${number}.rs`);

let demo;
let browser;

before(async () => {
  const scopes = JSON.stringify(["launch", "openid", "fhirUser", ...MORE_SCOPES]);
  demo = await startDemo({ environment: { VESTIBULE__ORGANIZATION__LAKESIDE__EPIC__SCOPES: scopes } });
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
  const page = await patient.newPage();
  const day = await (await fetch(`${demo.fakes}/demo/api/day`)).json();
  await page.goto(demo.fakes + day.visits[1].patient.launch.replace("/demo/open/", "/demo/launch/"));
  const button = page.getByRole("button", { name: "Continue" });
  await button.waitFor();
  await assertFits(page, "onward page");
  await button.click();
  await arrive(page, WAITING_PAGE);
  await patient.leave();
});
