// The waiting page's news: events first, polling where they fail, and nothing old over something new.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { watchVisit } from "../../../src/web/static/watcher.mjs";

const WAITING = { phase: "waiting_for_host", can_join: false, message: "Please wait" };
const READY = { phase: "in_progress", can_join: true, message: "You can join" };

/** Timers and a clock that move only when told. */
class Clock {
  time = 0;
  #timers = new Map();
  #next = 1;

  setTimeout = (call, pause) => {
    const id = this.#next++;
    this.#timers.set(id, { at: this.time + pause, call });
    return id;
  };

  clearTimeout = (id) => this.#timers.delete(id);
  now = () => this.time;

  async advance(span) {
    const end = this.time + span;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].call();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

async function settle() {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

class Source {
  static opened = [];
  closed = false;
  #listeners = new Map();

  constructor(address) {
    this.address = address;
    Source.opened.push(this);
  }

  addEventListener(name, call) {
    this.#listeners.set(name, call);
  }

  close() {
    this.closed = true;
  }

  say(state) {
    this.#listeners.get("visit")({ data: typeof state === "string" ? state : JSON.stringify(state) });
  }

  fail() {
    this.#listeners.get("error")({});
  }
}

function answer(status, body, headers = {}) {
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headers[name] ?? null },
    json: async () => body,
  };
}

let clock;
let asked;
let reply;
let heard;
let trouble;
let gone;
let watcher;

function watch(options = {}) {
  watcher = watchVisit({
    events: "/visit/t/events",
    state: "/visit/t/state",
    EventSource: Source,
    fetch: async (address, request) => {
      asked.push(clock.time);
      return reply(address, request);
    },
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    now: clock.now,
    random: () => 0.5,
    onState: (state) => heard.push(state),
    onTrouble: (inTrouble) => trouble.push(inTrouble),
    onGone: () => {
      gone += 1;
    },
    ...options,
  });
  watcher.start();
}

const source = () => Source.opened.at(-1);
const inTrouble = () => trouble.at(-1) ?? false;

beforeEach(() => {
  clock = new Clock();
  asked = [];
  heard = [];
  trouble = [];
  gone = 0;
  Source.opened = [];
  reply = () => answer(200, WAITING);
});

test("an event is shown at once", () => {
  watch();
  source().say(WAITING);
  source().say(READY);
  assert.deepEqual(heard, [WAITING, READY]);
});

test("while events flow the page still gives a sign at least every 30 seconds", async () => {
  watch();
  source().say(WAITING);
  await clock.advance(120_000);
  const gaps = asked.map((at, i) => at - (asked[i - 1] ?? 0));
  assert.ok(asked.length >= 4 && asked.length <= 6, `${asked.length} requests in two minutes`);
  assert.ok(gaps.every((gap) => gap <= 30_000), String(gaps));
});

test("neither a stream that never rests nor slow answers keep the page from its signs", async () => {
  reply = () => new Promise((resolve) => clock.setTimeout(() => resolve(answer(200, WAITING)), 8_000));
  watch();
  for (let second = 0; second < 120; second += 1) {
    source().say(second % 2 ? WAITING : { ...WAITING, message: "Nearly there" });
    await clock.advance(1_000);
  }
  const gaps = asked.map((at, i) => at - (asked[i - 1] ?? 0));
  assert.ok(asked.length >= 4, `${asked.length} requests in two minutes`);
  assert.ok(gaps.every((gap) => gap <= 30_000), String(gaps));
});

test("without events the page polls and hears of a change within three seconds", async () => {
  watch({ EventSource: undefined });
  await clock.advance(10_000);
  reply = () => answer(200, READY);
  const before = heard.length;
  await clock.advance(3_000);
  assert.ok(heard.slice(before).some((state) => state.can_join));
});

test("events that a proxy holds back do not slow the page down", async () => {
  watch();
  reply = () => answer(200, READY);
  await clock.advance(3_000);
  assert.ok(heard.some((state) => state.can_join));
});

test("a broken source is opened again, with growing pauses, and polled meanwhile", async () => {
  watch();
  for (let i = 0; i < 6; i += 1) {
    source().fail();
    const before = asked.length;
    await clock.advance(100);
    assert.ok(asked.length > before, "polls at once");
    await clock.advance(30_000);
  }
  assert.equal(Source.opened.length, 7);
  assert.ok(Source.opened.slice(0, -1).every((old) => old.closed));
});

test("an old source has nothing to say any more", () => {
  watch();
  const old = source();
  old.fail();
  old.say(READY);
  assert.deepEqual(heard, []);
});

test("an answer that was on its way while an event came does not undo the event", async () => {
  let release;
  reply = () => new Promise((resolve) => (release = () => resolve(answer(200, WAITING))));
  watch();
  await clock.advance(3_000);
  clock.time += 10;
  source().say(READY);
  release();
  await settle();
  assert.deepEqual(heard, [READY]);
});

test("a difference that no event told of means that the source is dead", async () => {
  watch();
  source().say(WAITING);
  reply = () => answer(200, READY);
  await clock.advance(30_000);
  assert.deepEqual(heard.at(-1), READY);
  assert.equal(Source.opened.length, 2);
});

test("one failed request is no trouble, some seconds of failures are, and news ends it", async () => {
  watch();
  source().say(WAITING);
  source().fail();
  reply = () => Promise.reject(new Error("offline"));
  await clock.advance(1_500);
  assert.equal(inTrouble(), false);
  await clock.advance(20_000);
  assert.equal(inTrouble(), true);
  reply = () => answer(200, WAITING);
  await clock.advance(20_000);
  assert.equal(inTrouble(), false);
});

test("while the service fails the pauses grow to 15 seconds and no further", async () => {
  reply = () => answer(500, {});
  watch({ EventSource: undefined });
  await clock.advance(300_000);
  const gaps = asked.slice(1).map((at, i) => at - asked[i]);
  assert.ok(Math.max(...gaps) <= 15_000, String(gaps));
  assert.ok(gaps.at(-1) >= 7_500, String(gaps));
});

test("Retry-After is kept, but never for more than a minute", async () => {
  reply = () => answer(503, {}, { "retry-after": "20" });
  watch({ EventSource: undefined });
  await clock.advance(15_000);
  assert.equal(asked.length, 1);
  reply = () => answer(503, {}, { "retry-after": "86400" });
  await clock.advance(10_000);
  assert.equal(asked.length, 2);
  await clock.advance(61_000);
  assert.equal(asked.length, 3);
});

for (const status of [401, 403, 404, 410]) {
  test(`after ${status} the page says so once and asks no more`, async () => {
    reply = () => answer(status, {});
    watch();
    await clock.advance(120_000);
    assert.equal(gone, 1);
    assert.equal(asked.length, 1);
    assert.ok(source().closed);
  });
}

test("a page that wakes up looks at once on fresh connections, though an old request hangs", async () => {
  reply = () => new Promise(() => {});
  watch();
  source().say(WAITING);
  await clock.advance(26_000);
  assert.equal(asked.length, 1);
  const slept = source();
  reply = () => answer(200, READY);
  watcher.lookAgain();
  await clock.advance(1);
  assert.ok(slept.closed);
  assert.deepEqual(heard.at(-1), READY);
});

test("a page that is being left asks nothing and hears nothing, until it looks again", async () => {
  watch();
  source().say(WAITING);
  watcher.pause();
  const left = source();
  assert.ok(left.closed);
  left.say(READY);
  await clock.advance(120_000);
  assert.equal(asked.length, 0);
  assert.deepEqual(heard, [WAITING]);
  reply = () => answer(200, READY);
  watcher.lookAgain();
  await clock.advance(1);
  assert.ok(source() !== left);
  assert.deepEqual(heard.at(-1), READY);
});

test("a request that never ends is given up after ten seconds", async () => {
  reply = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  watch({ EventSource: undefined });
  await clock.advance(30_000);
  assert.ok(asked.length >= 2, `${asked.length} requests`);
});

test("texts that are no state are not shown", async () => {
  reply = () => answer(200, { phase: 1 });
  watch();
  for (const bad of ["", "{", "null", "[]", '{"phase":"ended"}', '{"phase":1,"can_join":true,"message":"x"}']) {
    source().say(bad);
  }
  await clock.advance(3_000);
  assert.deepEqual(heard, []);
});
