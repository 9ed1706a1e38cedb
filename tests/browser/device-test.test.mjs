// A patient tests the device before the visit, comes back with a result, and the provider's page shows it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, launchBrowser, PHONE, person, SMALL_PHONE, tabOpenedBy } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { visitOfTheDay, WAITING_PAGE } from "./support/visits.mjs";

let demo;
let browser;

before(async () => {
  demo = await startDemo({
    environment: {
      VESTIBULE__ORGANIZATION__LAKESIDE__DEVICE_TEST_WRITE_BACK: "true",
      VESTIBULE__ORGANIZATION__LAKESIDE__EPIC__STATUS_DIALECT: "telehealth-2020",
    },
  });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

const WITHIN = 15_000;
const VENDOR = /\/demo\/device-test\?/;

async function resultAtEpic(visit) {
  const told = await (await fetch(`${demo.fakes}/demo/api/epic/device-tests`)).json();
  return told.find((one) => one.external_id === visit.patient.external_id)?.result;
}

test("a patient tests from MyChart, and the provider sees what came out before anybody has come", async () => {
  const visit = await visitOfTheDay(demo);
  const patient = await person(browser, { viewport: SMALL_PHONE });
  const chart = await patient.newPage();
  await chart.goto(demo.fakes);
  const link = chart.getByRole("link", { name: `Test your device: ${visit.patient.name}, visit ${visit.csn}, as ${visit.patient.name}` });
  const page = await tabOpenedBy(patient.context, () => link.click());
  await arrive(page, VENDOR);
  await page.getByRole("link", { name: "Something does not work" }).click();
  await page.getByRole("heading", { level: 1, name: "Something does not work yet" }).waitFor();
  await page.getByText("You can close this window and go back to MyChart.").waitFor();
  await page.getByRole("link", { name: /Help with the test/ }).waitFor();
  await assertAccessible(page, "a failed test");
  await assertFits(page, "a failed test");
  await until("Epic to know that it failed", WITHIN, async () => (await resultAtEpic(visit)) === "failed");

  const provider = await person(browser);
  const tools = await provider.newPage();
  await tools.goto(`${demo.fakes}/demo/launch/visit-tools/${visit.csn}/${visit.providers[0].external_id}`);
  await tools.getByRole("row", { name: /Patient Device test failed.*Not here/ }).waitFor();

  // Once more, with a result that nobody knows; nothing of it stands on the page.
  await page.getByRole("link", { name: "Test again" }).click();
  await arrive(page, VENDOR);
  await page.getByRole("link", { name: "Come back with a result that nobody knows" }).click();
  await page.getByRole("heading", { level: 1, name: "We cannot tell how the test went" }).waitFor();
  assert.ok(!(await page.content()).includes("camera-7"));
  await page.getByRole("link", { name: "Español" }).click();
  await page.getByRole("heading", { level: 1, name: "No sabemos cómo salió la prueba" }).waitFor();
  await assertAccessible(page, "an unclear test in Spanish");
  await assertFits(page, "an unclear test in Spanish");
  // The provider's list renews itself.
  await tools.getByRole("row", { name: /Device test without a clear result/ }).waitFor();
  await assertAccessible(tools, "the tools with a test");
  assert.deepEqual([...patient.complaints, ...provider.complaints], []);
});

test("a patient who waits tests in a window beside the page, which goes on waiting", async () => {
  const visit = await visitOfTheDay(demo);
  const patient = await person(browser, { viewport: PHONE });
  const page = await patient.newPage();
  await page.goto(`${demo.fakes}/demo/launch/patient/${visit.csn}/${visit.patient.external_id}`);
  await arrive(page, WAITING_PAGE);
  const link = page.getByRole("link", { name: /Test your camera and microphone/ });
  const test = await tabOpenedBy(patient.context, () => link.click());
  await arrive(test, VENDOR);
  await test.getByRole("link", { name: "All works" }).click();
  await test.getByRole("heading", { level: 1, name: "Your device is ready" }).waitFor();
  await assertAccessible(test, "a passed test");
  await until("Epic to know that it passed", WITHIN, async () => (await resultAtEpic(visit)) === "passed");
  await page.getByText("Please wait for the host to start this meeting").waitFor();
  await test.getByRole("link", { name: "Back to your visit" }).click();
  await arrive(test, WAITING_PAGE);

  const operator = await person(browser);
  const board = await operator.newPage();
  await board.goto(`${demo.service}/ops`);
  await board.getByText(/patient tested: passed/).waitFor();
  assert.deepEqual([...patient.complaints, ...operator.complaints], []);
});
