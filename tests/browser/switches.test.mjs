// The demo's switches: Epic and Zoom misbehave, a phone dies, a busy morning comes, and it ends right all the same.
// Everything is switched, pressed and read on the pages; one demo lives through it all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertFits, launchBrowser, PHONE, person, see } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { demoPage, joinFromMyChart, lightInSchedule, lightIsOn, startFromHyperspace, visitOfTheDay } from "./support/visits.mjs";

const IN_MEETING = "You are in the meeting.";
const HOSTING = "You are in the meeting as host.";
/** Zoom notices a dead phone within 90 seconds; the rest is the way to Epic. */
const CRASH_SEEN_WITHIN = 110_000;
/** Once Epic is back the first update leaves within 10 seconds. */
const EPIC_BACK_WITHIN = 12_000;
/** On a machine so busy that Zoom's answer to the making of the meeting is given up, the meeting is looked for before another is made. */
const HOST_IN_WITHIN = 60_000;
/** With every event lost the patient can still join within 30 seconds. */
const IN_WITHOUT_EVENTS_WITHIN = 32_000;
/** Events that come 3 seconds late and up to 4 out of order. */
const WEATHER_WITHIN = 15_000;

let demo;
let browser;
let watcher;
const people = [];

before(async () => {
  demo = await startDemo();
  browser = await launchBrowser();
  watcher = await newPerson();
});

after(async () => {
  for (const someone of people) {
    assert.deepEqual(someone.complaints, []);
    await someone.leave();
  }
  await browser?.close();
  await demo?.stop();
});

async function newPerson(options = {}) {
  const someone = await person(browser, options);
  people.push(someone);
  return someone;
}

/** A visit under way: the patient in the meeting on a phone, the provider as host. */
async function visitUnderWay(index, goesOnWithin = 10_000) {
  const { csn, patient } = await visitOfTheDay(demo, index);
  const phone = await joinFromMyChart(await newPerson({ viewport: PHONE }), demo, index);
  await see(phone, phone.getByText("Please wait for the host to start this meeting"));
  const host = await startFromHyperspace(await newPerson(), demo, index);
  await see(host, host.getByText(HOSTING), { timeout: HOST_IN_WITHIN });
  await see(phone, phone.getByText(IN_MEETING), { timeout: goesOnWithin });
  return { csn, patient, phone, host };
}

async function lightShows(csn, on, within) {
  const light = await lightInSchedule(watcher, demo, csn);
  const words = on ? "Patient connected" : "Patient not connected";
  try {
    await see(light.page(), light.filter({ hasText: words }), { timeout: within });
  } catch (error) {
    const visit = await (await fetch(`${demo.service}/api/v1/visits/lakeside/${csn}`)).text();
    error.message += `\nat Epic the light is ${(await lightIsOn(demo, csn)) ? "on" : "off"}; the visit: ${visit}`;
    throw error;
  }
  assert.equal(await lightIsOn(demo, csn), on);
}

async function newestRecord(csn) {
  const { notifications } = await (await fetch(`${demo.service}/api/v1/notifications?organization=lakeside&csn=${csn}`)).json();
  return notifications.find(({ role }) => role === "patient");
}

const leave = ({ phone }) => phone.getByRole("button", { name: "Leave" }).click();

async function joinAgain({ phone }) {
  await phone.getByRole("button", { name: "Join again" }).click();
  await phone.getByText(IN_MEETING).waitFor();
}

let crashedAt;
let crashed;

test("a crashed phone can be seen, and the light stays until Zoom notices", async () => {
  crashed = await visitUnderWay(0);
  await lightShows(crashed.csn, true, 5_000);
  const page = await demoPage(watcher, demo);
  const name = `Crash the phone of ${crashed.patient.name}`;
  await page.getByRole("button", { name }).click();
  crashedAt = Date.now();
  await page.getByText("phone dead, Zoom has not noticed").waitFor();
  await page.getByRole("button", { name }).waitFor({ state: "hidden" });
  await crashed.phone.getByText("This device is dead.").waitFor();
  assert.equal(await lightIsOn(demo, crashed.csn), true);
});

/** Each with what the newest record of the patient then says, where an attempt ends at all. */
const EPIC_TROUBLE = [
  { switched: "fails (500)", record: { resp_code: 500, outcome: "retrying" } },
  { switched: "answers 429, come back in 5 seconds", record: { resp_code: 429, outcome: "retrying" } },
  { switched: "answers LOCK-FAILED", record: { outcome: "retrying", epic_code: "LOCK-FAILED" } },
  { switched: "does it, then the line breaks", record: { resp_code: 0, outcome: "retrying" } },
  { switched: "never answers", record: null },
  { switched: "answers after 4 seconds", record: { resp_code: 200, outcome: "delivered" } },
];

test("whatever Epic does, the light is right once it works again", async (t) => {
  const visit = await visitUnderWay(1);
  await lightShows(visit.csn, true, 5_000);
  const page = await demoPage(watcher, demo);
  let isIn = true;
  for (const { switched, record } of EPIC_TROUBLE) {
    await t.test(`Epic ${switched}`, async () => {
      const before = await newestRecord(visit.csn);
      await page.getByLabel("It", { exact: true }).selectOption({ label: switched });
      await (isIn ? leave(visit) : joinAgain(visit));
      isIn = !isIn;
      if (record) {
        await until(`a record of an Epic that ${switched}`, 10_000, async () => {
          const newest = await newestRecord(visit.csn);
          return newest.at !== before.at && Object.entries(record).every(([key, value]) => newest[key] === value);
        });
      }
      await page.getByLabel("It", { exact: true }).selectOption({ label: "works" });
      await lightShows(visit.csn, isIn, EPIC_BACK_WITHIN + (record ? 0 : 15_000));
    });
  }
  await visit.host.getByRole("button", { name: "End for all" }).click();
  await lightShows(visit.csn, false, EPIC_BACK_WITHIN);
});

test("events that come twice, late and in any order end in the right light", async () => {
  const page = await demoPage(watcher, demo);
  for (const label of ["come twice", "come in any order", "come 3 seconds late"]) await page.getByLabel(label).check();
  await page.reload();
  await until("the page to remember its switches", 5_000, () => page.getByLabel("come twice").isChecked());
  const visit = await visitUnderWay(2, 20_000);
  await leave(visit);
  await joinAgain(visit);
  await leave(visit);
  await joinAgain(visit);
  await lightShows(visit.csn, true, WEATHER_WITHIN);
  await leave(visit);
  await visit.host.getByRole("button", { name: "End for all" }).click();
  await lightShows(visit.csn, false, WEATHER_WITHIN);
  for (const label of ["come twice", "come in any order", "come 3 seconds late"]) await page.getByLabel(label).uncheck();
  await until("the visit to have ended", WEATHER_WITHIN, async () => {
    const { phase } = await (await fetch(`${demo.service}/api/v1/visits/lakeside/${visit.csn}`)).json();
    return phase === "ended";
  });
});

test("a busy morning ends with every light right, and fits a phone meanwhile", async () => {
  const page = await demoPage(watcher, demo);
  await page.getByRole("spinbutton", { name: "Visits" }).fill("9");
  await page.getByRole("spinbutton", { name: "Speed" }).fill("60");
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByText("9 visits are under way.").waitFor();
  const lights = page.getByRole("list", { name: "The patients’ lights" }).getByRole("listitem");
  await until("the morning's visits", 5_000, async () => (await lights.count()) === 9);
  await until("a light of the morning", 60_000, async () => (await lights.filter({ hasText: / connected/ }).count()) > 0);
  await page.setViewportSize(PHONE);
  await assertFits(page, "demo page during a morning");
  await assertAccessible(page, "demo page during a morning");
  const told = page.getByText(/visits played/);
  await told.waitFor({ timeout: 120_000 });
  assert.match(await told.innerText(), /^9 visits played, \d patients joined, 0 launches or links failed, 0 of \d+ lights are wrong\.$/);
});

test("Zoom notices the dead phone, the light goes off, and the patient comes back", async () => {
  await lightShows(crashed.csn, false, Math.max(5_000, crashedAt + CRASH_SEEN_WITHIN - Date.now()));
  const phone = await joinFromMyChart(await newPerson({ viewport: PHONE }), demo, 0);
  await phone.getByText(IN_MEETING).waitFor();
  await lightShows(crashed.csn, true, 5_000);
});

// After the dead phone: of its end, too, no event would come.
test("with every event lost the patient gets in all the same, and no light is left on", async () => {
  const page = await demoPage(watcher, demo);
  await page.getByLabel("get lost, all").check();
  const visit = await visitUnderWay(3, IN_WITHOUT_EVENTS_WITHIN);
  await page.getByLabel("get lost, all").uncheck();
  await leave(visit);
  await joinAgain(visit);
  await lightShows(visit.csn, true, 10_000);
  await leave(visit);
  await lightShows(visit.csn, false, 10_000);
  await visit.host.getByRole("button", { name: "End for all" }).click();
});

test("a morning that the command line asked for is told of on the page too, and its many records are leafed through", async () => {
  const busy = await startDemo({ more: ["--visits", "16", "--speed", "200"] });
  try {
    const page = await demoPage(await newPerson(), busy);
    await page.getByText(/visits played/).waitFor({ timeout: 120_000 });
    assert.match(await page.getByText(/visits played/).innerText(), /, 0 of \d+ lights are wrong\.$/);
    await until("the same on the terminal", 5_000, () => busy.log.some((line) => /^The busy morning is over: 16 visits played/.test(line)));
    await leafsThroughRecords(busy);
  } finally {
    await busy.stop();
  }
});

/** To the older ones by keyboard, to one by its own address, and back to the newest. */
async function leafsThroughRecords(busy) {
  const { newPage } = await newPerson();
  const page = await newPage();
  await page.goto(`${busy.service}/records?organization=lakeside&outcome=delivered`);
  await see(page, page.getByText("50 records on this page"));
  const times = () => page.locator("table.records tbody td:first-child time").evaluateAll((all) => all.map((time) => time.dateTime));
  const addresses = () => page.locator("table.records tbody td:first-child a").evaluateAll((all) => all.map((link) => link.href));
  const [newest, oldestHere] = [await addresses(), (await times()).at(-1)];
  await page.getByRole("link", { name: "Older records" }).press("Enter");
  await see(page, page.getByRole("link", { name: "Newest" }));
  const older = await addresses();
  assert.ok(older.length > 0 && older.every((address) => !newest.includes(address)), "none stands on both pages");
  assert.ok((await times()).every((time) => Date.parse(time) <= Date.parse(oldestHere)), "the others are older");
  await assertAccessible(page, "older records");
  const row = page.locator("table.records tbody").getByRole("row").first();
  const shown = (await row.innerText()).replace(/\s+/g, " ");
  await row.getByRole("link").first().click();
  await see(page, page.getByText("1 record on this page"));
  assert.equal((await row.innerText()).replace(/\s+/g, " "), shown, "it is that record");
  assert.equal(new URL(page.url()).searchParams.get("record"), new URL(older[0]).searchParams.get("record"));
  await page.goBack();
  await page.getByRole("link", { name: "Newest" }).click();
  await see(page, page.getByText("50 records on this page"));
  assert.deepEqual(await addresses(), newest);
}

test("what is switched on is told to the fakes, and a page that is opened anew shows it", async () => {
  const page = await demoPage(await newPerson(), demo);
  const fakes = async (path) => (await fetch(`${demo.fakes}/demo/api/zoom/${path}`)).json();
  await page.getByLabel("do not tell which of them came first").check();
  await page.getByLabel("That of a second provider").selectOption("is refused by Zoom");
  await until("the fakes to know", 5_000, async () => (await fakes("settings")).zak_on_join === "refused");
  await until("the weather to change", 5_000, async () => (await fakes("weather")).ties === 1);
  await page.reload();
  const select = page.getByLabel("That of a second provider");
  await until("the page to show it", 5_000, async () => (await select.inputValue()) === "refused");
  assert.ok(await page.getByLabel("do not tell which of them came first").isChecked());
  await assertAccessible(page, "demo page with switches on");
  await page.getByLabel("do not tell which of them came first").uncheck();
  await select.selectOption("lets them host");
  await until("all to be as it was", 5_000, async () => (await fakes("settings")).zak_on_join === "host");
});

test("what somebody switches as soon as the page is there is not undone by what was on", async () => {
  const { context } = await newPerson();
  const page = await context.newPage();
  await page.route("**/demo/api/zoom/settings", async (route) => {
    await new Promise((resume) => setTimeout(resume, 500));
    await route.continue();
  });
  await page.goto(`${demo.fakes}/`);
  const settings = async () => (await fetch(`${demo.fakes}/demo/api/zoom/settings`)).json();
  const select = page.getByLabel("That of a second provider");
  await select.selectOption("is refused by Zoom");
  await until("the fakes to know", 5_000, async () => (await settings()).zak_on_join === "refused");
  assert.equal(await select.inputValue(), "refused");
  await select.selectOption("lets them host");
  await until("all to be as it was", 5_000, async () => (await settings()).zak_on_join === "host");
});
