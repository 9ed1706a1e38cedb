// What the board believes: the newest (epoch, version) of each visit, whatever order the messages come in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isOlder, keyOf, Visits } from "../../../src/web/static/ops-visits.mjs";

function visit(csn, epoch, version, more = {}) {
  return {
    organization: "lakeside",
    csn,
    conference_id: null,
    phase: "scheduled",
    version,
    owner: { node: "n", epoch },
    participants: [],
    problems: [],
    updated_at: `2026-11-23T17:00:${String(version).padStart(2, "0")}Z`,
    ...more,
  };
}

const snapshot = (...visits) => ({ type: "snapshot", visits });
const delta = (one) => ({ type: "visit", visit: one });

test("the epoch counts before the version", () => {
  assert.ok(isOlder(visit("1", 3, 99), visit("1", 4, 1)));
  assert.ok(isOlder(visit("1", 4, 1), visit("1", 4, 2)));
  assert.ok(!isOlder(visit("1", 4, 2), visit("1", 4, 2)));
});

test("a visit that left and came back while nobody told is no older state of the one that left", () => {
  const board = new Visits();
  board.take(snapshot(visit("1", 4, 9)));
  board.take(snapshot(visit("1", 4, 1, { updated_at: "2026-11-24T17:00:00Z" })));
  assert.equal(board.get(keyOf(visit("1"))).version, 1);
});

test("every order of the same messages ends in the newest of each visit", () => {
  const messages = [visit("1", 1, 5), visit("1", 1, 6), visit("1", 2, 6), visit("1", 2, 7)];
  for (const order of permutations(messages)) {
    const board = new Visits();
    let newest = null;
    for (const message of order) {
      board.take(delta(message));
      const shown = board.get(keyOf(message));
      if (newest) assert.ok(!isOlder(shown, newest), "never goes back");
      newest = shown;
    }
    assert.equal(newest, messages[3]);
  }
});

test("a snapshot of a node that lags behind puts nothing back, and takes away what is gone", () => {
  const board = new Visits();
  board.take(snapshot(visit("1", 2, 9), visit("2", 2, 3)));
  board.take(snapshot(visit("1", 2, 8)));
  assert.equal(board.get(keyOf(visit("1", 0, 0))).version, 9);
  assert.equal(board.size, 1);
});

test("gone takes a visit away, and it may come back", () => {
  const board = new Visits();
  board.take(snapshot(visit("1", 1, 1)));
  assert.ok(board.take({ type: "gone", organization: "lakeside", csn: "1", conference_id: null }));
  assert.equal(board.size, 0);
  assert.ok(board.take(delta(visit("1", 1, 1))));
});

test("a group visit and a visit whose CSN looks like it are two", () => {
  const board = new Visits();
  board.take(snapshot(visit("77", 1, 1), visit(null, 1, 1, { conference_id: "77" })));
  assert.equal(board.size, 2);
});

test("messages that are none change nothing", () => {
  const board = new Visits();
  for (const bad of [null, undefined, 1, {}, { type: "visit" }, { type: "visit", visit: null }, { type: "later" }]) {
    assert.equal(board.take(bad), false);
  }
  board.take(snapshot(null, 3, visit("1", 1, 1)));
  assert.equal(board.size, 1);
});

test("filters and counts", () => {
  const board = new Visits();
  board.take(
    snapshot(
      visit("10001", 1, 1, { phase: "in_progress", meeting: { id: "85012345678" } }),
      visit("10002", 1, 2, { organization: "hillcrest", problems: [{ code: "waiting_room_locked", message: "Locked" }] }),
      visit("10003", 1, 3, { phase: "ended" }),
    ),
  );
  const found = (filter) => board.select(filter).map(({ csn }) => csn);
  assert.deepEqual(found({}), ["10002", "10001", "10003"]);
  assert.deepEqual(found({ organization: "hillcrest" }), ["10002"]);
  assert.deepEqual(found({ phase: "ended" }), ["10003"]);
  assert.deepEqual(found({ problems: true }), ["10002"]);
  assert.deepEqual(found({ text: "8501234" }), ["10001"]);
  assert.deepEqual(found({ text: "LOCKED hillcrest" }), ["10002"]);
  assert.deepEqual(found({ text: "nothing" }), []);
  assert.deepEqual(found({ order: "changed" }), ["10003", "10002", "10001"]);
  assert.deepEqual(board.counts(), {
    all: 3,
    problems: 1,
    scheduled: 1,
    waiting_for_host: 0,
    in_progress: 1,
    ended: 1,
  });
  assert.deepEqual(board.organizations(), ["hillcrest", "lakeside"]);
});

function* permutations(items) {
  if (items.length <= 1) {
    yield items;
    return;
  }
  for (let i = 0; i < items.length; i += 1) {
    const rest = [...items.slice(0, i), ...items.slice(i + 1)];
    for (const others of permutations(rest)) yield [items[i], ...others];
  }
}
