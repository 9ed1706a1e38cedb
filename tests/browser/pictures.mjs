// Makes the pictures of the README and of docs/ from the real demo: `npm run pictures`. Names and times in them are the demo's own.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { DESKTOP, launchBrowser, PHONE, person, tabOpenedBy } from "./support/browser.mjs";
import { freePort, startDemo, until } from "./support/demo.mjs";
import { typedFor } from "./support/organization.mjs";
import { smaller } from "./support/png.mjs";
import { startProvider } from "./support/provider.mjs";
import { framed, startRecord } from "./support/record.mjs";
import {
  demoPage,
  epicFaults,
  joinFromMyChart,
  lightIsOn,
  LONG_WAY,
  makesLink,
  onwardPage,
  opensTools,
  startFromHyperspace,
  visitOfTheDay,
  waitingPatient,
  zoomFaults,
  zoomWeather,
} from "./support/visits.mjs";

const FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), "../../docs/pictures");
/** A picture above this would weigh on everybody who clones. */
const MOST_BYTES = 150_000;
/** The checks of an organization try every outside thing. */
const CHECKED_WITHIN = 60_000;
const ON_A_PHONE = { viewport: { ...PHONE, height: 700 }, deviceScaleFactor: 1.5 };

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

async function visits(browser, demo) {
  const patient = await person(browser, ON_A_PHONE);
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
  await page.setViewportSize(DESKTOP);
  await page.getByRole("button", { name: `Act on visit ${csn}` }).click();
  await page.getByRole("form", { name: "End the meeting" }).waitFor();
  await picture(page, "board-act");
  await page.goto(`${demo.service}/records?organization=lakeside&csn=${csn}`);
  await page.getByRole("region", { name: "Notification records" }).waitFor();
  await picture(page, "records", { fullPage: true });
  await page.goto(`${demo.service}/records/resend?organization=lakeside&csn=${csn}`);
  await page.getByRole("button", { name: /^Send \d+ updates? again$/ }).waitFor();
  await picture(page, "resend", { fullPage: true });
  await page.goto(`${demo.service}/visits/lakeside/${csn}`);
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  await picture(page, "visit", { fullPage: true, clip: { x: 0, y: 0, width: DESKTOP.width, height: 900 } });
  // Who came, and what was looked at for these pictures.
  await page.goto(`${demo.service}/audit?organization=lakeside`);
  await page.getByText("whole, as far as was looked").waitFor();
  await picture(page, "audit", { fullPage: true });
  await page.goto(`${demo.service}/visits/lakeside/${csn}`);
  // Its end, where Epic does not answer at first.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await picture(page, "timeline", { fullPage: true, clip: { x: 0, y: height - 900, width: DESKTOP.width, height: 900 } });
  await page.setViewportSize({ ...DESKTOP, height: 380 });
  await page.goto(`${demo.service}/downtime/lakeside`);
  await picture(page, "downtime", { fullPage: true });
}

/** The provider's tools while somebody waits, and what the guest sees who comes by the link. */
async function toolsAndGuest(browser, demo) {
  const visit = await visitOfTheDay(demo, 2);
  const provider = await person(browser, { viewport: { width: 480, height: 640 } });
  const tools = await opensTools(provider, demo, visit);
  const link = await makesLink(tools, "Ivan, interpreter");
  await picture(tools, "tools", { fullPage: true });
  const guest = await person(browser, ON_A_PHONE);
  const page = await guest.newPage();
  await page.goto(link);
  await page.getByRole("button", { name: "Continue" }).waitFor();
  await picture(page, "guest");
}

/** What an administrator sets up at Epic and at Zoom. */
async function setUp(browser, demo) {
  const administrator = await person(browser, { viewport: { width: 900, height: 760 } });
  const page = await administrator.newPage();
  await page.goto(`${demo.service}/`);
  await picture(page, "index", { clip: { x: 0, y: 0, width: 900, height: 470 } });
  await page.goto(`${demo.service}/admin/lakeside/fdi`);
  await picture(page, "set-up");
  await page.goto(`${demo.service}/admin/lakeside/zoom`);
  await picture(page, "zoom-account");
}

/** A device that does not work yet, and a link that leads nowhere. */
async function trouble(browser, demo) {
  const visit = await visitOfTheDay(demo, 2);
  const patient = await person(browser, ON_A_PHONE);
  const chart = await patient.newPage();
  await chart.goto(demo.fakes);
  const name = `Test your device: ${visit.patient.name}, visit ${visit.csn}, as ${visit.patient.name}`;
  const page = await tabOpenedBy(patient.context, () => chart.getByRole("link", { name }).click());
  await page.getByRole("link", { name: "Something does not work" }).click();
  await page.getByRole("heading", { level: 1, name: "Something does not work yet" }).waitFor();
  await picture(page, "device-test");
  await page.goto(`${demo.service}/epic/callback?code=used&state=before`);
  await picture(page, "broken-launch");
}

/** What a patient reads while Epic or Zoom is down, and what a timeline says where events are lost, doubled and late. */
async function down(browser, demo) {
  const patient = await person(browser, ON_A_PHONE);
  await epicFaults(demo, "POST", { call: "token", kind: "status", status: 503, times: 1 });
  const refused = await joinFromMyChart(patient, demo, 3);
  await refused.getByRole("heading", { level: 1, name: "We cannot reach the health record" }).waitFor();
  await picture(refused, "epic-down");
  const phone = await waitingPatient(patient, demo, 3);
  await zoomFaults(demo, "POST", { call: "users.get", kind: "html", status: 503 });
  await zoomWeather(demo, { lose: 1 });
  await startFromHyperspace(await person(browser), demo, 3);
  await phone.getByText("The video service does not answer at the moment. We keep trying.").waitFor();
  await picture(phone, "zoom-down");
  await zoomFaults(demo, "DELETE");
  await phone.getByText("You are in the meeting.").waitFor({ timeout: 60_000 });
  await phone.getByRole("button", { name: "Leave" }).click();
  await zoomWeather(demo, { duplicate: 1, delay_millis: 11_000 });
  await phone.getByRole("button", { name: "Join again" }).click();
  const { csn } = await visitOfTheDay(demo, 3);
  await until("the patient's light", 30_000, () => lightIsOn(demo, csn));
  await zoomWeather(demo);
  const operator = await person(browser, { viewport: DESKTOP });
  const page = await operator.newPage();
  await page.goto(`${demo.service}/visits/lakeside/${csn}`);
  await page.getByText("duplicate", { exact: true }).first().waitFor();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await picture(page, "timeline-marks", { fullPage: true, clip: { x: 0, y: height - 800, width: DESKTOP.width, height: 800 } });
}

/** An organization that is made on its page, and what its second version changed. */
async function organization(browser, demo) {
  const administrator = await person(browser, { viewport: DESKTOP });
  const page = await administrator.newPage();
  const field = (label) => page.getByLabel(label, { exact: true });
  const check = async () => {
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await page.getByRole("heading", { name: "Your draft" }).waitFor({ timeout: CHECKED_WITHIN });
  };
  const save = async () => {
    await page.getByRole("form", { name: "Save the draft" }).getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").filter({ hasText: "It is in force" }).waitFor();
  };
  await page.goto(`${demo.service}/admin/new?id=riverside`);
  await page.getByText("Zoom", { exact: true }).click();
  for (const [label, text] of Object.entries(await typedFor(demo))) await field(label).fill(text);
  await check();
  await save();
  await field("Patient Admittance Policy").selectOption("manual");
  await check();
  await picture(page, "organization", { fullPage: true, clip: { x: 0, y: 0, width: DESKTOP.width, height: 1560 } });
  await save();
  await page.setViewportSize({ ...DESKTOP, height: 360 });
  await page.goto(`${demo.service}/admin/riverside/versions/2`);
  await picture(page, "version", { fullPage: true });
  await page.goto(`${demo.service}/admin`);
  await picture(page, "organizations", { fullPage: true });
}

/** Where a launch stops on its way: before a sign-in that is far, and inside a frame, where no meeting can be shown; and a Zoom account that was just connected. */
async function onTheWay(browser) {
  const record = await startRecord();
  const demo = await startDemo({ environment: { ...record.environment, ...LONG_WAY }, more: ["--zoom-consent"] });
  try {
    const administrator = await person(browser, { viewport: { width: 900, height: 420 } });
    const account = await administrator.newPage();
    await account.goto(`${demo.service}/admin/lakeside/zoom`);
    await account.getByRole("button", { name: "Connect to Zoom" }).click();
    await account.getByRole("link", { name: "Allow" }).click();
    await account.getByRole("heading", { level: 1, name: "Zoom is connected" }).waitFor();
    await picture(account, "zoom-connected");
    const patient = await person(browser, { ...ON_A_PHONE, viewport: { ...PHONE, height: 330 }, javaScriptEnabled: false });
    await picture((await onwardPage(patient, demo, 1)).page, "onward");
    const provider = await person(browser, { viewport: { width: 640, height: 320 } });
    const { page, frame } = await framed(provider, record, demo, (await visitOfTheDay(demo, 0)).providers[0].launch);
    await frame.getByRole("heading", { name: "Your meeting is ready" }).waitFor();
    await picture(page, "stand-in");
  } finally {
    await demo.stop();
    record.stop();
  }
}

/** A busy morning while Epic does not take what it is told, on a screen on the wall. */
async function wall(browser) {
  const demo = await startDemo();
  try {
    const watcher = await person(browser, { viewport: DESKTOP });
    const switches = await demoPage(watcher, demo);
    await switches.getByRole("spinbutton", { name: "Visits" }).fill("16");
    await switches.getByRole("button", { name: "Play" }).click();
    const screen = await person(browser, { viewport: { width: 1920, height: 1080 }, deviceScaleFactor: 0.6 });
    const page = await screen.newPage();
    await page.goto(`${demo.service}/ops?wall=dark`);
    const rows = (band) => page.locator(`#rows [data-band="${band}"]`).count();
    await until("the morning to be busy", 120_000, async () => (await rows("in_progress")) > 3);
    await switches.getByLabel("It", { exact: true }).selectOption({ label: "fails (500)" });
    const busy = async () => (await rows("trouble")) > 0 && (await rows("waiting")) > 0 && (await rows("in_progress")) > 1;
    await until("trouble, waiting and visits in progress", 120_000, busy);
    await picture(page, "wall");
  } finally {
    await demo.stop();
  }
}

/** The sign-in as people meet it where there is an OpenID provider, tokens and the emergency access. */
async function signIn(browser) {
  const listen = `127.0.0.1:${await freePort()}`;
  const provider = await startProvider(`http://${listen}`, {});
  const environment = {
    VESTIBULE__ACCESS__MODE: "token",
    VESTIBULE__ACCESS__TOKENS: JSON.stringify(["a-token-of-the-pictures-0123456789abcdef"]),
    VESTIBULE__ACCESS__OPENID__ISSUER: provider.issuer,
    VESTIBULE__ACCESS__OPENID__CLIENT_ID: "vestibule",
    VESTIBULE__ACCESS__OPENID__CLIENT_SECRET: provider.secret,
    VESTIBULE__ACCESS__OPENID__LABEL: "Lakeside ID",
    VESTIBULE__ACCESS__BREAK_GLASS__TOKEN: "emergency-secret-in-a-sealed-envelope",
    VESTIBULE__ACCESS__GRANT__OPERATORS__CLAIM: JSON.stringify(["video-operators"]),
    VESTIBULE__ACCESS__GRANT__OPERATORS__ROLE: "operator",
    VESTIBULE__ACCESS__GRANT__OPERATORS__ORGANIZATIONS: JSON.stringify(["lakeside"]),
  };
  const demo = await startDemo({ listen, environment });
  try {
    const someone = await person(browser, { viewport: { width: 640, height: 620 } });
    const page = await someone.newPage();
    await page.goto(`${demo.service}/ops`);
    await page.getByRole("link", { name: "Sign in with Lakeside ID" }).waitFor();
    await picture(page, "sign-in");
    await page.getByRole("link", { name: "Emergency access" }).click();
    await page.getByRole("button", { name: "Sign in as administrator of everything" }).waitFor();
    await picture(page, "emergency-access");
  } finally {
    await demo.stop();
    await provider.stop();
  }
}

const browser = await launchBrowser();
try {
  await mkdir(FOLDER, { recursive: true });
  const demo = await startDemo();
  try {
    await visits(browser, demo);
    await toolsAndGuest(browser, demo);
    await trouble(browser, demo);
    await down(browser, demo);
    await setUp(browser, demo);
    await organization(browser, demo);
  } finally {
    await demo.stop();
  }
  await onTheWay(browser);
  await wall(browser);
  await signIn(browser);
} finally {
  await browser.close();
}
