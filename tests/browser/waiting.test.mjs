// The waiting page by itself: what it does when the network, the person or the visit are not as one would wish.
// The page and its ticket are real; where a test needs a state on demand, the answers to the page's questions are not.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, launchBrowser, PHONE, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { epicFaults, joinFromMyChart, pretend, startFromHyperspace, WAIT_TEXT, WAITING_PAGE, waitingPatient, zoomFaults } from "./support/visits.mjs";

const READY = { phase: "in_progress", can_join: true, message: "The host is here. You can join now." };
const JOIN = "**/visit/*/join*";

let demo;
let browser;
let patient;

before(async () => {
  demo = await startDemo();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

afterEach(async () => {
  const complaints = patient?.complaints ?? [];
  await patient?.leave();
  patient = undefined;
  assert.deepEqual(complaints, []);
});

async function waiting(options = {}) {
  patient = await person(browser, { viewport: PHONE, ...options });
  return waitingPatient(patient, demo);
}

const joinButton = (page) => page.getByRole("button", { name: "Join now" });

/** Counts the joins of a page and answers them without leading away. */
async function countJoins(target, answer = (route) => route.fulfill({ status: 204 })) {
  const joins = [];
  await target.route(JOIN, (route) => {
    joins.push(route.request().method());
    return answer(route);
  });
  return joins;
}

const MEETING = (route) =>
  route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Meeting</title><h1>Meeting</h1>" });

test("a patient reads that they wait, and cannot press anything that would not work", async () => {
  const page = await waiting({ viewport: SMALL_PHONE });
  assert.equal(await page.title(), "Waiting for your video visit");
  assert.equal(await joinButton(page).isVisible(), false);
  const status = page.getByRole("status").filter({ hasText: WAIT_TEXT });
  assert.equal(await status.getAttribute("aria-live"), "polite");
  await assertFits(page, "waiting page");
  await assertAccessible(page, "waiting page");
});

test("the text size may be doubled at 320 px without losing anything", async () => {
  const page = await waiting({ viewport: SMALL_PHONE });
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "200%";
  });
  await assertFits(page, "waiting page at double size");
});

test("in the dark and with less motion it is as readable, and nothing moves", async () => {
  const page = await waiting({ colorScheme: "dark", reducedMotion: "reduce" });
  await assertAccessible(page, "waiting page in the dark");
  const moving = await page.evaluate(() => document.getAnimations().filter((a) => a.playState === "running").length);
  assert.equal(moving, 0);
});

test("a browser that prefers Spanish gets Spanish, and the switch leads to English and stays there", async () => {
  patient = await person(browser, { viewport: PHONE, locale: "es-MX" });
  const page = await patient.newPage();
  await page.goto(await openedByMyChart(page));
  await page.getByText("Espere a que el anfitrión inicie esta reunión").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
  await assertAccessible(page, "Spanish waiting page");
  await page.getByRole("link", { name: "English" }).click();
  await page.getByText(WAIT_TEXT).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.reload();
  await page.getByText(WAIT_TEXT).waitFor();
});

/** The address of the waiting page that a launch of this browser leads to. */
async function openedByMyChart(page) {
  const tab = await joinFromMyChart({ context: page.context() }, demo);
  await arrive(tab, WAITING_PAGE);
  const address = tab.url();
  await tab.close();
  return address;
}

test("it goes in by itself when it may, once, and says so", async () => {
  const page = await waiting();
  const joins = await countJoins(page);
  await pretend(page, READY);
  await page.reload();
  await page.getByText("Opening your video visit").waitFor();
  // While the join that it began is under way the browser may name no document at all.
  await page.waitForFunction(() => document.title === "You can join your video visit");
  await joinButton(page).waitFor();
  await assertAccessible(page, "waiting page that may join");
  await page.waitForTimeout(3_000);
  assert.deepEqual(joins, ["POST"]);
});

test("without server-sent events it hears of the host within three seconds", async () => {
  const page = await waiting();
  const joins = await countJoins(page);
  const state = await pretend(page, {});
  await page.reload();
  await page.getByText(WAIT_TEXT).waitFor();
  Object.assign(state, READY);
  await until("the page to join", 3_500, () => joins.length > 0);
});

test("a join that comes too late leaves the page calm, at its own address", async () => {
  const page = await waiting();
  const address = page.url();
  const state = await pretend(page, READY);
  await page.route(JOIN, (route) => {
    // The visit closes in the moment in which the person goes in; the service answers by itself.
    Object.assign(state, { phase: "waiting_for_host", can_join: false, message: WAIT_TEXT });
    return route.continue();
  });
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.reload(),
  ]);
  assert.equal(answer.status(), 409);
  await page.getByText(WAIT_TEXT).waitFor();
  await page.getByText("This page keeps waiting for you").waitFor();
  await arrive(page, ({ pathname }) => pathname === new URL(address).pathname);
  assert.equal(await joinButton(page).isVisible(), false);
  await assertAccessible(page, "waiting page after a late join");
  await page.reload();
  await page.getByText(WAIT_TEXT).waitFor();
});

test("a lost connection is one quiet line, and the line goes when the connection is back", async () => {
  const page = await waiting();
  await patient.context.setOffline(true);
  await page.route("**/visit/*/state*", (route) => route.abort());
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page.getByText("The connection is interrupted").waitFor({ timeout: 20_000 });
  assert.ok(await page.getByText(WAIT_TEXT).isVisible());
  await assertAccessible(page, "waiting page without connection");
  await page.unroute("**/visit/*/state*");
  await patient.context.setOffline(false);
  await page.getByText("The connection is interrupted").waitFor({ state: "hidden", timeout: 20_000 });
});

for (const [locale, lost, number] of [
  ["en-US", "The connection is interrupted", "If it stays so, call 555-0100"],
  ["es-MX", "La conexión se ha interrumpido", "Si sigue así, llame al 555-0100"],
]) {
  test(`when the service is gone for long the page tells whom to call (${locale})`, async () => {
    patient = await person(browser, { viewport: SMALL_PHONE, locale });
    const page = await patient.newPage();
    await page.goto(await openedByMyChart(page));
    const trouble = page.locator("#trouble");
    await page.route("**/visit/*/events*", (route) => route.abort());
    await page.route("**/visit/*/state*", (route) => route.fulfill({ status: 503, body: "" }));
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await page.reload({ waitUntil: "domcontentloaded" });
    await page.getByText(lost).waitFor({ timeout: 20_000 });
    assert.ok(!(await trouble.textContent()).includes("555-0100"), "one quiet line at first");
    await page.getByText(number).waitFor({ timeout: 30_000 });
    await assertFits(page, "waiting page without a service");
    await assertAccessible(page, "waiting page without a service");
    await page.unroute("**/visit/*/state*");
    await page.getByText(lost).waitFor({ state: "hidden", timeout: 30_000 });
  });
}

test("a ticket that is no longer known ends in a sentence, not in a loop", async () => {
  const page = await waiting();
  let asked = 0;
  await page.route("**/visit/*/events*", (route) => route.abort());
  await page.route("**/visit/*/state*", (route) => {
    asked += 1;
    return route.fulfill({ status: 404, json: {} });
  });
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page.getByText("This page has expired").waitFor();
  await page.waitForTimeout(3_000);
  assert.equal(asked, 1);
  await assertAccessible(page, "waiting page that has expired");
});

test("of two tabs of one person only one goes in, and the other says so and still can", async () => {
  const first = await waiting();
  const joins = await countJoins(patient.context);
  const second = await patient.newPage();
  await second.goto(first.url());
  const states = [await pretend(first, {}), await pretend(second, {})];
  await Promise.all([first.reload(), second.reload()]);
  for (const state of states) Object.assign(state, READY);
  await until("one tab to join", 5_000, () => joins.length > 0);
  await until("exactly one tab to say so", 5_000, async () => {
    const pages = [first, second].map((page) => page.getByText("opened in another window").isVisible());
    return (await Promise.all(pages)).filter(Boolean).length === 1;
  });
  await first.waitForTimeout(3_000);
  assert.equal(joins.length, 1);
  for (const page of [first, second]) assert.ok(await joinButton(page).isVisible());
});

test("who comes back from the meeting is offered the way in, not pushed, and the keyboard is enough", async () => {
  const page = await waiting();
  const joins = await countJoins(page, MEETING);
  await pretend(page, READY);
  await page.reload();
  await page.getByRole("heading", { name: "Meeting" }).waitFor();
  await page.goBack();
  await page.getByText("If you are not in it, you can join again").waitFor();
  await page.waitForTimeout(3_000);
  assert.equal(joins.length, 1);
  await joinButton(page).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Meeting" }).waitFor();
  assert.equal(joins.length, 2);
});

test("a page that has expired says so in its title too", async () => {
  const page = await waiting();
  await page.route("**/visit/*/events*", (route) => route.abort());
  await page.route("**/visit/*/state*", (route) => route.fulfill({ status: 404 }));
  await page.reload();
  await page.getByText("This page has expired. Close it").waitFor();
  assert.equal(await page.title(), "This page has expired");
  await assertAccessible(page, "waiting page that has expired");
});

test("a visit that has ended says so, and goes on when the host starts it again", async () => {
  const page = await waiting();
  const joins = await countJoins(page);
  const state = await pretend(page, { phase: "ended", message: "This visit has ended." });
  await page.reload();
  await page.getByText("You can close this page").waitFor();
  assert.equal(await page.title(), "Your video visit has ended");
  assert.equal(await page.getByRole("heading", { name: "While you wait" }).isVisible(), false);
  await assertAccessible(page, "waiting page of an ended visit");
  Object.assign(state, READY);
  await until("the page to join", 5_000, () => joins.length > 0);
});

test("a visit that was called off says so, and goes on when it stands again", async () => {
  const page = await waiting();
  const joins = await countJoins(page);
  const state = await pretend(page, { message: "This visit was cancelled.", cancelled: true });
  await page.reload();
  await page.getByText("This visit was cancelled.").waitFor();
  await page.getByText("call your clinic").waitFor();
  assert.equal(await page.title(), "Your video visit was cancelled");
  assert.equal(await page.getByText("Elena Rivera will see you.").isVisible(), false);
  assert.equal(await page.getByText("Keep this page open").isVisible(), false);
  assert.equal(await page.getByRole("heading", { name: "While you wait" }).isVisible(), false);
  await assertAccessible(page, "waiting page of a visit that was called off");
  delete state.cancelled;
  Object.assign(state, { message: WAIT_TEXT, about: "Elena Rivera will see you." });
  await page.getByText("Elena Rivera will see you.").waitFor();
  assert.equal(await page.getByRole("heading", { name: "While you wait" }).isVisible(), true);
  assert.deepEqual(joins, []);
});

test("a phone that slept looks at once when it wakes", async () => {
  const page = await waiting();
  const joins = await countJoins(page);
  const state = await pretend(page, {});
  await page.reload();
  const devtools = await patient.context.newCDPSession(page);
  // A page whose scripts stand still is what a locked phone leaves of it; headless pages cannot be frozen otherwise.
  await devtools.send("Debugger.enable");
  await devtools.send("Debugger.pause");
  Object.assign(state, READY);
  await new Promise((resume) => setTimeout(resume, 4_000));
  assert.equal(joins.length, 0);
  await devtools.send("Debugger.resume");
  await until("the page to join", 3_000, () => joins.length > 0);
});

test("without scripts the page waits all the same, and comes back by itself", async () => {
  patient = await person(browser, { viewport: PHONE });
  const scripted = await patient.newPage();
  const address = await openedByMyChart(scripted);
  const cookies = await patient.context.storageState();
  await patient.leave();
  patient = await person(browser, { viewport: PHONE, javaScriptEnabled: false, storageState: cookies });
  const page = await patient.newPage();
  await page.goto(address);
  await page.getByText(WAIT_TEXT).waitFor();
  await page.locator("noscript .note").waitFor();
  await page.waitForRequest((request) => request.isNavigationRequest(), { timeout: 30_000 });
  await page.getByText(WAIT_TEXT).waitFor();
  const [again] = await Promise.all([
    page.waitForRequest((request) => request.isNavigationRequest()),
    page.locator("noscript a", { hasText: "Check now" }).click(),
  ]);
  assert.equal(new URL(again.url()).pathname, new URL(address).pathname);
});

test("while Zoom is down a patient who waits reads so, with the number to call, and goes in once it works", async () => {
  patient = await person(browser, { viewport: SMALL_PHONE });
  const page = await waitingPatient(patient, demo, 3);
  assert.equal(await page.getByText("does not answer").count(), 0);
  await zoomFaults(demo, "POST", { call: "users.get", kind: "html", status: 503 });
  const provider = await person(browser);
  await startFromHyperspace(provider, demo, 3);
  await see(page, page.getByText("The video service does not answer at the moment. We keep trying. If it takes long, call 555-0100."));
  assert.ok(await page.getByText(WAIT_TEXT).isVisible(), "they wait all the same");
  await assertFits(page, "waiting page while Zoom is down");
  await assertAccessible(page, "waiting page while Zoom is down");
  await zoomFaults(demo, "DELETE");
  await arrive(page, (url) => url.href.startsWith(`${demo.fakes}/zoom/`), { timeout: 60_000 });
  assert.deepEqual(provider.complaints, []);
  await provider.leave();
});

test("while Epic is down whoever opens a visit reads so, with the number to call, and gets in once it works", async () => {
  patient = await person(browser, { viewport: SMALL_PHONE });
  await epicFaults(demo, "POST", { call: "token", kind: "status", status: 503, times: 1 });
  const page = await joinFromMyChart(patient, demo, 2);
  await see(page, page.getByRole("heading", { level: 1, name: "We cannot reach the health record" }));
  await see(page, page.getByText("555-0100").first());
  await assertFits(page, "a launch while Epic is down");
  await assertAccessible(page, "a launch while Epic is down");
  await waitingPatient(patient, demo, 2);
});
