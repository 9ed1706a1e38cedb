// What a newcomer sees: a patient waits, a provider starts, both meet, the light goes on and off, and all is on record.
// Real launches, real pages, real events; only Epic and Zoom are the demo's own.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { arrive, assertAccessible, assertFits, DESKTOP, launchBrowser, PHONE, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import {
  demoPage,
  joinFromMyChart,
  lightInSchedule,
  lightIsOn,
  startFromHyperspace,
  visitOfTheDay,
  WAIT_TEXT,
  WAITING_PAGE,
} from "./support/visits.mjs";

/**
 * The promise from the host's start to the patient's own way in. Each story awaits it however long it takes and measures; a machine that
 * is busy with other things may hold one of them up, and not every one.
 */
const PROMISE = 3_000;
const goneOnAfter = [];
/** From someone's coming or going to the light in Epic. */
const LIGHT_WITHIN = 5_000;

const IN_MEETING = "You are in the meeting.";
const HOSTING = "You are in the meeting as host.";
const HELD = "Please wait, the host will let you in soon.";

const DEVICES = {
  automatic: { "a small phone": SMALL_PHONE, "a computer": DESKTOP },
  manual: { "a phone": PHONE, "a computer": DESKTOP },
};

for (const [admittance, devices] of Object.entries(DEVICES)) {
  describe(`admittance ${admittance}`, () => {
    let demo;
    let browser;

    before(async () => {
      demo = await startDemo({ admittance });
      browser = await launchBrowser();
    });

    after(async () => {
      await browser?.close();
      assert.equal(await demo?.stop(), 0, "the demo drains and ends well");
    });

    for (const [index, [device, viewport]] of Object.entries(devices).entries()) {
      test(`a patient on ${device}`, (t) => story({ t, demo, browser, admittance, index, viewport }));
    }

    test("a patient whose page cannot ask goes on by events alone", () => byEventsAlone({ demo, browser, index: 2 }));
  });
}

after(() => {
  // A run of chosen tests may have measured nothing.
  if (goneOnAfter.length === 0) return;
  console.log(`patients went on after ${goneOnAfter.map((took) => `${took} ms`).join(", ")}`);
  assert.ok(Math.min(...goneOnAfter) <= PROMISE, `no patient went on within ${PROMISE} ms: ${goneOnAfter}`);
});

async function story({ t, demo, browser, admittance, index, viewport }) {
  const { csn } = await visitOfTheDay(demo, index);
  const patient = await person(browser, { viewport });
  const provider = await person(browser, { viewport: DESKTOP });
  const operator = await person(browser, { viewport: DESKTOP });
  try {
    const board = await operator.newPage();
    await board.goto(`${demo.service}/ops`);

    const waiting = await joinFromMyChart(patient, demo, index);
    await arrive(waiting, WAITING_PAGE);
    await waiting.getByText(WAIT_TEXT).waitFor();
    await assertFits(waiting, "waiting page");
    await assertAccessible(waiting, "waiting page");
    await boardShows(board, csn, "waiting for host", /patient: waiting/);
    await waiting.reload();
    await waiting.getByText(WAIT_TEXT).waitFor();

    const host = await startFromHyperspace(provider, demo, index);
    const began = performance.now();
    const goesOn = admittance === "automatic" ? IN_MEETING : HELD;
    await waiting.getByText(goesOn).waitFor();
    const took = Math.round(performance.now() - began);
    goneOnAfter.push(took);
    t.diagnostic(`the patient went on after ${took} ms`);
    await host.getByText(HOSTING).waitFor();
    await assertFits(waiting, "Zoom's page of the patient");
    await assertAccessible(waiting, "Zoom's page of the patient");
    if (admittance === "manual") {
      await host.getByRole("button", { name: /^Admit/ }).waitFor();
      await assertAccessible(host, "Zoom's page of the host");
      assert.equal(await lightIsOn(demo, csn), false, "the waiting room lights nothing");
      await host.getByRole("button", { name: /^Admit/ }).click();
      await waiting.getByText(IN_MEETING).waitFor();
    }
    const light = await lightInSchedule(provider, demo, csn);
    await light.filter({ hasText: "Patient connected" }).waitFor({ timeout: LIGHT_WITHIN });
    assert.equal(await lightIsOn(demo, csn), true);
    await boardShows(board, csn, "in progress", /patient: in meeting, light on/);
    await assertAccessible(board, "board during a visit");

    await waiting.getByRole("button", { name: "Leave" }).click();
    await light.filter({ hasText: "Patient not connected" }).waitFor({ timeout: LIGHT_WITHIN });
    assert.equal(await lightIsOn(demo, csn), false);
    await host.getByRole("button", { name: "End for all" }).click();
    await boardShows(board, csn, "ended", /patient: gone, light off/);

    await recordsTell(operator, demo, csn);
    for (const { complaints } of [patient, provider, operator]) assert.deepEqual(complaints, []);
  } finally {
    await Promise.all([patient, provider, operator].map((one) => one.leave()));
  }
}

/** The state by polling is what a page falls back on; here there is none, so that nothing hides a stream that is dead. */
async function byEventsAlone({ demo, browser, index }) {
  const patient = await person(browser, { viewport: PHONE });
  const provider = await person(browser, { viewport: DESKTOP });
  try {
    await patient.context.route("**/visit/*/state*", (route) => route.abort());
    const waiting = await joinFromMyChart(patient, demo, index);
    await arrive(waiting, WAITING_PAGE);
    await waiting.getByText(WAIT_TEXT).waitFor();
    const host = await startFromHyperspace(provider, demo, index);
    await host.getByText(HOSTING).waitFor();
    await arrive(waiting, (url) => url.href.startsWith(`${demo.fakes}/zoom/`));
  } finally {
    await Promise.all([patient, provider].map((one) => one.leave()));
  }
}

async function boardShows(board, csn, phase, people) {
  const row = board.getByRole("row").filter({ has: board.getByRole("rowheader", { name: csn, exact: true }) });
  await row.getByText(phase, { exact: true }).waitFor();
  await row.getByText(people).waitFor();
}

/** Both ways of the search find what Epic was told, each with its answer. */
async function recordsTell(operator, demo, csn) {
  const page = await operator.newPage();
  await page.goto(`${demo.service}/ops`);
  await page.getByRole("rowheader", { name: csn, exact: true }).getByRole("link").click();
  await page.getByRole("heading", { name: `Visit ${csn}` }).waitFor();
  await assertAccessible(page, "the page of a visit");
  await page.getByRole("link", { name: "Notification records of this visit" }).click();
  await page.getByRole("heading", { name: "Notification records" }).waitFor();
  const told = await recordRows(page, csn);
  await assertAccessible(page, "records of a visit");
  const visit = await (await fetch(`${demo.service}/api/v1/visits/lakeside/${csn}`)).json();
  const pasted = visit.meeting.id.replace(/^(\d{3})(\d+)(\d{4})$/, "$1-$2 $3");
  await page.getByLabel("CSN").fill("");
  await page.getByLabel("Zoom meeting ID").fill(pasted);
  await page.getByRole("button", { name: "Search" }).click();
  assert.deepEqual(await recordRows(page, csn), told);
}

async function recordRows(page, csn) {
  const rows = page.locator("tbody").getByRole("row");
  await rows.filter({ hasText: csn }).first().waitFor();
  const texts = await rows.allInnerTexts();
  for (const event of ["joined", "left"]) {
    assert.ok(
      texts.some((text) => /patient/.test(text) && text.includes(event) && /\b200\b/.test(text)),
      `patient ${event} with RespCode 200 in\n${texts.join("\n")}`,
    );
  }
  return texts;
}

test("the demo's own page is accessible and fits a phone", async () => {
  const demo = await startDemo();
  const browser = await launchBrowser();
  try {
    for (const [viewport, colorScheme] of [
      [SMALL_PHONE, "light"],
      [PHONE, "dark"],
      [DESKTOP, "light"],
      [DESKTOP, "dark"],
    ]) {
      const newcomer = await person(browser, { viewport, colorScheme });
      const page = await demoPage(newcomer, demo);
      await assertFits(page, "demo page");
      await assertAccessible(page, `demo page, ${colorScheme}`);
      assert.deepEqual(newcomer.complaints, []);
      await newcomer.leave();
    }
  } finally {
    await browser.close();
    await demo.stop();
  }
});
