// The live board by itself: it believes the newest of each visit, says when it is blind, and comes back by itself.
// The page is real; the stream is spoken by the test, so that every order of messages can be had.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { assertAccessible, assertFits, DESKTOP, launchBrowser, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";

let demo;
let browser;
let operator;

before(async () => {
  demo = await startDemo();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

afterEach(async () => {
  const complaints = operator?.complaints ?? [];
  await operator?.leave();
  operator = undefined;
  assert.deepEqual(complaints, []);
});

function visit(csn, epoch, version, more = {}) {
  return {
    organization: "lakeside",
    csn,
    conference_id: null,
    phase: "waiting_for_host",
    version,
    admittance: "automatic",
    meeting: null,
    participants: [
      { role: "patient", csn, external_id: "WPR1", presence: "waiting", wanted: false, connected: false, since: "2026-11-23T17:00:00Z" },
    ],
    owner: { node: "node-a", epoch },
    problems: [],
    updated_at: "2026-11-23T17:00:00Z",
    ...more,
  };
}

/** The board with a stream that the test speaks: each connection takes the messages of `greet` first. */
async function board(greet, { fakeClock = false, path = "/ops", ...options } = {}) {
  operator = await person(browser, { viewport: DESKTOP, ...options });
  const page = await operator.newPage();
  if (fakeClock) await page.clock.install();
  const sockets = [];
  let open = true;
  let tries = 0;
  await page.routeWebSocket(/\/ops\/stream/, (socket) => {
    tries += 1;
    if (!open) {
      socket.close({ code: 1013 });
      return;
    }
    sockets.push(socket);
    for (const message of greet(sockets.length)) socket.send(JSON.stringify(message));
  });
  await page.goto(demo.service + path);
  return {
    page,
    sockets,
    tries: () => tries,
    say: (message) => sockets.at(-1).send(JSON.stringify(message)),
    setOpen: (value) => {
      open = value;
    },
  };
}

const snapshot = (...visits) => ({ type: "snapshot", visits });
const row = (page, csn) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: csn, exact: true }) });

test("visits move through their phases, and lights are said in words", async () => {
  const { page, say } = await board(() => [snapshot(visit("10001", 1, 1), visit("10002", 1, 1))]);
  await row(page, "10001").getByText("patient: waiting, light off").waitFor();
  say({
    type: "visit",
    visit: visit("10001", 1, 2, {
      phase: "in_progress",
      participants: [{ role: "patient", csn: "10001", presence: "in_meeting", wanted: true, connected: false }],
    }),
  });
  await row(page, "10001").getByText("patient: in meeting, light off, turning on").waitFor();
  await row(page, "10001").getByText("in progress").waitFor();
  const counts = page.getByRole("status", { name: "Visits per phase" });
  await until("the counts", 5_000, async () => /1\s*waiting for host[\s\S]*1\s*in progress/.test(await counts.innerText()));
  assert.equal(await counts.getAttribute("aria-live"), "polite");
  await assertAccessible(page, "board");
});

test("an older epoch or version never shows, a newer epoch does", async () => {
  const { page, say } = await board(() => [snapshot(visit("10001", 2, 9, { phase: "in_progress" }), visit("last", 1, 1))]);
  await row(page, "10001").getByText("in progress").waitFor();
  say({ type: "visit", visit: visit("10001", 2, 8, { phase: "scheduled" }) });
  say({ type: "visit", visit: visit("10001", 1, 99, { phase: "scheduled" }) });
  say({ type: "visit", visit: visit("last", 1, 2, { phase: "ended" }) });
  await row(page, "last").getByText("ended").waitFor();
  assert.ok(await row(page, "10001").getByText("in progress").isVisible());
  say({ type: "visit", visit: visit("10001", 3, 1, { phase: "ended" }) });
  await row(page, "10001").getByText("ended").waitFor();
});

test("a lost stream is said with the time of the last news, and a lagging snapshot puts nothing back", async () => {
  const greet = (connection) => [snapshot(visit("10001", 1, connection === 1 ? 5 : 4, { phase: connection === 1 ? "in_progress" : "scheduled" }))];
  const { page, sockets, setOpen } = await board(greet);
  await row(page, "10001").getByText("in progress").waitFor();
  setOpen(false);
  await sockets.at(-1).close({ code: 1011 });
  await page.getByRole("alert").filter({ hasText: "Connection lost, showing state as of" }).waitFor();
  assert.ok(await row(page, "10001").isVisible());
  await assertAccessible(page, "board without stream");
  setOpen(true);
  await until("a new connection", 20_000, () => sockets.length === 2);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  assert.ok(await row(page, "10001").getByText("in progress").isVisible());
});

test("who is signed out is told so until they have signed in, and the page does not hammer at the door", async () => {
  const { page, sockets, setOpen, tries } = await board(() => [snapshot(visit("10001", 1, 5))], { fakeClock: true });
  await row(page, "10001").waitFor();
  let signedIn = false;
  await page.route("**/api/v1/visits*", (route) => (signedIn ? route.continue() : route.fulfill({ status: 401 })));
  setOpen(false);
  await sockets.at(-1).close({ code: 1011 });
  const again = page.getByRole("alert").getByRole("link", { name: "Sign in again" });
  await until("the banner", 20_000, async () => {
    await page.clock.runFor(1_000);
    return again.isVisible();
  });
  await assertAccessible(page, "board of somebody who is signed out");
  const before = tries();
  for (let minute = 0; minute < 5; minute += 1) {
    await page.clock.runFor(60_000);
    assert.ok(await again.isVisible(), "the banner stays");
  }
  assert.ok(tries() - before <= 6, `${tries() - before} tries in five minutes`);
  signedIn = true;
  setOpen(true);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("alert").waitFor({ state: "hidden" });
});

test("while the store is away the board says so and does not say that there is nothing", async () => {
  const { page, say } = await board((connection) => (connection === 1 ? [{ type: "store", answers: false }] : []));
  await page.getByRole("alert").filter({ hasText: "The store does not answer at the moment." }).waitFor();
  await page.getByText("cannot be told while the store does not answer").waitFor();
  assert.equal(await page.getByText("No visits at the moment").count(), 0);
  await assertAccessible(page, "board without a store");
  say({ type: "store", answers: true });
  say(snapshot(visit("10001", 1, 1)));
  await row(page, "10001").waitFor();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  say({ type: "store", answers: false });
  await page.getByRole("alert").filter({ hasText: "What is shown was so at" }).waitFor();
  assert.ok(await row(page, "10001").isVisible());
});

test("a visit that is gone leaves the board, and an empty board says so", async () => {
  const { page, say } = await board(() => [snapshot(visit("10001", 1, 1))]);
  await row(page, "10001").waitFor();
  say({ type: "gone", organization: "lakeside", csn: "10001", conference_id: null });
  await page.getByText("No visits at the moment").waitFor();
  await assertAccessible(page, "empty board");
});

test("filters find a visit and say when nothing fits", async () => {
  const { page } = await board(() => [
    snapshot(
      visit("10001", 1, 1, { phase: "in_progress" }),
      visit("10002", 1, 1, { organization: "hillcrest" }),
      visit("10003", 1, 1, { problems: [{ code: "waiting_room_locked", message: "The waiting room is locked." }] }),
    ),
  ]);
  await row(page, "10003").waitFor();
  const bodyRows = page.locator("tbody").getByRole("row");
  await page.getByLabel("Phase", { exact: true }).selectOption("In progress");
  await until("one row", 3_000, async () => (await bodyRows.count()) === 1);
  await page.getByLabel("Phase", { exact: true }).selectOption("All");
  await page.getByLabel("Organization").selectOption("hillcrest");
  await row(page, "10002").waitFor();
  await until("one row", 3_000, async () => (await bodyRows.count()) === 1);
  await page.getByLabel("Organization").selectOption("All");
  await page.getByLabel("Only with problems").check();
  await row(page, "10003").getByText("The waiting room is locked.").waitFor();
  await until("one row", 3_000, async () => (await bodyRows.count()) === 1);
  await page.getByLabel("Text").fill("nothing like this");
  await page.getByText("No visit fits these filters.").waitFor();
});

test("hostile texts stay texts", async () => {
  const hostile = '"><img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  const { page } = await board(() => [
    snapshot(
      visit(hostile, 1, 1, {
        organization: hostile,
        phase: hostile,
        admittance: hostile,
        meeting: { id: hostile },
        participants: [{ role: hostile, csn: hostile, presence: hostile, wanted: true, connected: false }],
        owner: { node: hostile, epoch: 1 },
        problems: [{ code: hostile, message: hostile }],
        updated_at: hostile,
      }),
    ),
  ]);
  await page.getByRole("rowheader", { name: hostile }).waitFor();
  assert.equal(await page.title(), "Live visits · Vestibule");
  assert.equal(await page.locator("tbody img, tbody script").count(), 0);
});

test("a row has every time by which something will happen", async () => {
  const at = (minute) => `2026-11-23T17:${minute}:00Z`;
  const appointment = { starts_at: at("20"), opens_at: at("00"), closes_at: at("50") };
  const { page } = await board(() => [
    snapshot(
      visit("10001", 1, 1, { appointment, expected: { who: "provider", by: at("50") } }),
      visit("10002", 1, 1, { phase: "in_progress", ends_at: at("55") }),
      visit("10003", 1, 1, { phase: "ended", reopens_until: at("59"), repairs: [{ missing: "leave", at: at("30") }] }),
    ),
  ]);
  const words = async (csn) => (await row(page, csn).innerText()).replace(/\s+/g, " ");
  await row(page, "10003").waitFor();
  assert.match(await words("10001"), /for .*:20.* open .*:00.* to .*:50.* provider expected by .*:50/);
  assert.match(await words("10002"), /ends by itself .*:55/);
  assert.match(await words("10003"), /may be opened again until .*:59.* leave not told, found by asking Zoom .*:30/);
  await assertAccessible(page, "the board with deadlines");
});

test("a thousand visits are drawn in bounds, and one change draws one row", async () => {
  const many = Array.from({ length: 1_000 }, (_, i) => visit(String(20_000 + i), 1, 1));
  const { page, say } = await board(() => [snapshot(...many)]);
  await page.getByText("Showing 300 of 1000 visits").waitFor();
  assert.equal(await page.locator("tbody").getByRole("row").count(), 300);
  await page.evaluate(() => {
    window.changedRows = 0;
    new MutationObserver((changes) => {
      for (const change of changes) window.changedRows += change.addedNodes.length;
    }).observe(document.getElementById("rows"), { childList: true });
  });
  say({ type: "visit", visit: visit("20005", 1, 2, { phase: "ended" }) });
  await row(page, "20005").getByText("ended").waitFor();
  assert.equal(await page.evaluate(() => window.changedRows), 1);
});

test("on a phone the page fits and the table scrolls in its own frame, by keyboard too", async () => {
  const { page } = await board(() => [snapshot(visit("10001", 1, 1))], { viewport: SMALL_PHONE });
  await row(page, "10001").waitFor();
  await assertFits(page, "board");
  await page.getByRole("region", { name: "Visits" }).focus();
  await page.keyboard.press("ArrowRight");
  await until("the frame to scroll", 3_000, () =>
    page.getByRole("region", { name: "Visits" }).evaluate((frame) => frame.scrollLeft > 0),
  );
});

// === on the wall ===

const WALL = { width: 1920, height: 1080 };

/** Somebody who came, or went, so many minutes ago. */
const since = (minutes, more = {}) => ({
  role: "patient",
  csn: null,
  external_id: "WPR-of-nobodys-business",
  presence: "waiting",
  wanted: false,
  connected: false,
  since: new Date(Date.now() - minutes * 60_000).toISOString(),
  ...more,
});
const running = (csn, minutes) =>
  visit(csn, 1, 1, { phase: "in_progress", participants: [since(minutes, { presence: "in_meeting", wanted: true, connected: true })] });
const waits = (csn, minutes) => visit(csn, 1, 1, { participants: [since(minutes)], meeting: { id: "85012345678" } });
const wallRows = (page) => page.getByRole("list", { name: "Visits, those in trouble first" }).getByRole("listitem");
const words = async (row) => (await row.innerText()).replace(/\s+/g, " ").trim();
const count = (page, name) => page.locator("main li").filter({ hasText: name }).locator(".count").innerText();

test("on a wall a visit that gets into trouble comes to the top as it happens, and nothing says whose it is", async () => {
  const { page, say } = await board(() => [snapshot(running("52210001", 5), waits("52210002", 3), waits("52210003", 7))], {
    path: "/ops?wall=dark",
    viewport: WALL,
  });
  await until("three rows", 5_000, async () => (await wallRows(page).count()) === 3);
  assert.match(await words(wallRows(page).nth(0)), /^Waiting …0003 Patient: Waiting 7 min$/);
  assert.match(await words(wallRows(page).nth(1)), /^Waiting …0002/);
  assert.match(await words(wallRows(page).nth(2)), /^In progress …0001 Patient: In the meeting 5 min$/);
  assert.equal(await count(page, "running"), "1");
  await assertAccessible(page, "wall");
  const problems = [{ code: "no_seat", message: "A sentence for the board." }];
  say({ type: "visit", visit: { ...running("52210001", 5), version: 2, problems } });
  await until("the trouble on top", 5_000, async () => /^Trouble …0001 no Zoom seat/.test(await words(wallRows(page).nth(0))));
  assert.equal(await count(page, "with problems"), "1");
  say({ type: "visit", visit: waits("52210004", 11) });
  await until("the long wait", 5_000, async () => (await count(page, "waiting too long")) === "1");
  const doubtful = since(2, { presence: "in_meeting", wanted: true, connected: false });
  say({ type: "visit", visit: visit("52210005", 1, 1, { phase: "in_progress", participants: [doubtful] }) });
  await until("the light in doubt", 5_000, async () => (await count(page, "lights in doubt")) === "1");
  const all = await page.locator("body").innerText();
  for (const secret of ["5221", "WPR", "850"]) assert.ok(!all.includes(secret), `${secret} on the wall`);
  await assertAccessible(page, "wall with trouble");
});

test("what does not fit on the wall is counted, on any screen, and on a phone it scrolls", async () => {
  const many = Array.from({ length: 30 }, (_, i) => (i < 3 ? waits(`w${1000 + i}`, 15) : i < 8 ? waits(`w${1000 + i}`, 2) : running(`r${1000 + i}`, 9)));
  const { page } = await board(() => [snapshot(...many, visit("s1001", 1, 1, { phase: "scheduled", participants: [] }))], {
    path: "/ops?wall=light",
    viewport: WALL,
  });
  // All at one moment, since rows are made anew as times go by and the screen changes.
  const measured = () =>
    page.evaluate(() => {
      const list = document.getElementById("rows");
      const visible = Array.from(list.children).filter((row) => !row.hidden);
      return {
        rows: visible.length,
        cut: visible.filter((row) => row.getBoundingClientRect().bottom > list.getBoundingClientRect().bottom + 1).length,
        more: document.getElementById("more").textContent,
        foot: document.querySelector(".wall-foot").getBoundingClientRect().bottom,
      };
    });
  for (const viewport of [WALL, { width: 3840, height: 2160 }, { width: 1280, height: 720 }]) {
    await page.setViewportSize(viewport);
    await until(`whole rows and a count that make thirty at ${viewport.width}`, 5_000, async () => {
      const { rows, cut, more } = await measured();
      const [, left, running] = /^(\d+) more do not fit here: (\d+) in progress$/.exec(more) ?? [];
      return rows >= 8 && cut === 0 && left === running && rows + Number(left) === 30;
    });
    assert.ok((await measured()).foot > viewport.height * 0.95, "no room is left below");
    const over = await page.evaluate(() => document.documentElement.scrollHeight - document.documentElement.clientHeight);
    assert.ok(over <= 0, `the wall scrolls by ${over} px at ${viewport.width}`);
    await assertFits(page, "wall");
  }
  await page.getByText("Beside these 1 scheduled and 0 ended.").waitFor();
  await assertAccessible(page, "light wall");
  await page.setViewportSize(SMALL_PHONE);
  await until("all rows on a phone", 5_000, async () => {
    const { rows, more } = await measured();
    return rows === 30 && more === "";
  });
  await assertFits(page, "wall on a phone");
});

test("a wall that is not fed looks dead, when the stream is cut and when it only falls silent", async () => {
  const greet = () => [snapshot(running("52210001", 5))];
  const { page, sockets, say, setOpen } = await board(greet, { path: "/ops?wall=dark", viewport: WALL, fakeClock: true });
  const alarm = page.getByRole("alert");
  await until("the wall", 5_000, async () => {
    await page.clock.runFor(1_000);
    return page.getByText(/^Live, as of /).isVisible();
  });
  for (let quarter = 0; quarter < 8; quarter += 1) {
    await page.clock.runFor(15_000);
    say({ type: "alive" });
    await until("its word", 5_000, () => page.getByText(/^Live, as of /).isVisible());
  }
  assert.ok(!(await alarm.isVisible()), "the line stood");
  setOpen(false);
  await page.clock.runFor(50_000);
  await alarm.filter({ hasText: "NOT LIVE: the connection is lost. What is shown was so at" }).waitFor();
  assert.ok(!(await page.getByText(/^Live, as of /).isVisible()));
  await assertAccessible(page, "silent wall");
  setOpen(true);
  await until("a new connection", 20_000, async () => {
    await page.clock.runFor(5_000);
    return sockets.length === 2;
  });
  await alarm.waitFor({ state: "hidden" });
  setOpen(false);
  await sockets.at(-1).close({ code: 1011 });
  await alarm.filter({ hasText: "NOT LIVE" }).waitFor();
});

test("the board leads to the wall, which comes in Spanish too", async () => {
  const { page } = await board(() => [snapshot(waits("52210002", 3))], { locale: "es-MX" });
  await page.locator('a[href^="/ops?wall"]').click();
  await page.getByText("Paciente: Esperando").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
  await page.getByRole("link", { name: "Tablero con detalles" }).click();
  await page.locator("#board").waitFor();
});
