// Makes the README's pictures from the real demo: `npm run pictures`. Names and times in them are the demo's own.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { DESKTOP, launchBrowser, PHONE, person } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { smaller } from "./support/png.mjs";
import { demoPage, joinFromMyChart, lightIsOn, startFromHyperspace, visitOfTheDay, waitingPatient } from "./support/visits.mjs";

const FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), "../../docs/pictures");
/** A picture above this would weigh on everybody who clones. */
const MOST_BYTES = 150_000;
async function picture(page, name, options = {}) {
  const path = join(FOLDER, `${name}.png`);
  // The picture shows a page at rest, not one that somebody has just clicked.
  await page.evaluate(() => document.activeElement?.blur());
  const bytes = smaller(await page.screenshot({ animations: "disabled", ...options }));
  assert.ok(bytes.length < MOST_BYTES, `${path} would have ${bytes.length} bytes`);
  await writeFile(path, bytes);
  console.log(`${path}: ${bytes.length} bytes`);
}

/** A visit in which both are, and Epic knows. */
async function visitUnderWay(browser, demo, index) {
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser)];
  const { csn } = await visitOfTheDay(demo, index);
  const phone = await joinFromMyChart(patient, demo, index);
  const host = await startFromHyperspace(provider, demo, index);
  await phone.getByText("You are in the meeting.").waitFor();
  // After a while of failures the next try may be 30 s away.
  await until("the light", 45_000, () => lightIsOn(demo, csn));
  return { csn, phone, host };
}

const demo = await startDemo();
const browser = await launchBrowser();
try {
  await mkdir(FOLDER, { recursive: true });
  const patient = await person(browser, { viewport: { ...PHONE, height: 700 }, deviceScaleFactor: 1.5 });
  await picture(await waitingPatient(patient, demo, 2), "waiting");

  const over = await visitUnderWay(browser, demo, 0);
  await over.phone.getByRole("button", { name: "Leave" }).click();
  await until("the light to go out", 10_000, async () => !(await lightIsOn(demo, over.csn)));
  await over.host.getByRole("button", { name: "End for all" }).click();

  const operator = await person(browser, { viewport: DESKTOP });
  const newcomer = await demoPage(operator, demo);
  await newcomer.getByLabel("It", { exact: true }).selectOption({ label: "fails (500)" });
  const running = visitUnderWay(browser, demo, 1);
  const records = `${demo.service}/api/v1/notifications?organization=lakeside&csn=10002`;
  await until("Epic's trouble on record", 20_000, async () => {
    const { notifications } = await (await fetch(records)).json();
    return notifications.some(({ role, resp_code: code }) => role === "patient" && code === 500);
  });
  await newcomer.getByLabel("It", { exact: true }).selectOption({ label: "works" });
  const { csn } = await running;

  await newcomer.reload();
  await newcomer.getByText("Patient connected").waitFor();
  await picture(newcomer, "demo", { fullPage: true });

  const page = await operator.newPage();
  await page.setViewportSize({ ...DESKTOP, height: 520 });
  await page.goto(`${demo.service}/ops`);
  await page.getByText("patient: in meeting, light on").waitFor();
  await page.getByText("ended", { exact: true }).last().waitFor();
  await picture(page, "board");
  await page.goto(`${demo.service}/records?organization=lakeside&csn=${csn}`);
  await page.getByRole("region", { name: "Notification records" }).waitFor();
  await picture(page, "records", { fullPage: true });
} finally {
  await browser.close();
  await demo.stop();
}
