// What the board says of its own connection.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Link } from "../../../src/web/static/ops-link.mjs";

const at = (seconds) => new Date(Date.UTC(2026, 10, 23, 17, 0, seconds));
const SNAPSHOT = { type: "snapshot", visits: [] };
const AWAY = { type: "store", answers: false };
const BACK = { type: "store", answers: true };

function live() {
  const link = new Link();
  link.opened();
  link.heard(SNAPSHOT, at(0));
  return link;
}

test("one failure of a page that shows nothing yet is no news, more are", () => {
  const link = new Link();
  assert.deepEqual([link.state, link.trouble, link.emptiness], ["connecting", null, "connecting"]);
  link.lost();
  assert.equal(link.trouble, null);
  link.lost();
  assert.deepEqual([link.state, link.trouble], ["lost", "unreachable"]);
});

test("a lost connection is said at once, with the time of the last news", () => {
  const link = live();
  link.heard({ type: "visit" }, at(7));
  link.lost();
  assert.deepEqual([link.state, link.trouble, link.asOf], ["lost", "lost", at(7)]);
});

test("signed out stays said whatever fails afterwards, until a connection opens", () => {
  const link = live();
  link.lost();
  link.lost();
  assert.ok(link.asks(1006));
  link.signedIn(false);
  for (let failure = 0; failure < 5; failure += 1) {
    link.lost();
    assert.deepEqual([link.state, link.trouble], ["signed-out", "signed-out"]);
    assert.ok(link.asks(1006), "it is asked again, since somebody may sign in elsewhere");
    assert.ok(link.leastPause >= 60_000);
  }
  link.signedIn(true);
  assert.deepEqual([link.trouble, link.leastPause], ["lost", 0]);
  link.signedIn(false);
  link.opened();
  assert.deepEqual([link.state, link.trouble, link.leastPause], ["live", null, 0]);
});

test("an answer that comes after the connection is back changes nothing", () => {
  const link = live();
  link.lost();
  link.opened();
  link.signedIn(false);
  assert.equal(link.trouble, null);
});

test("a close that says so is asked about at once", () => {
  const link = live();
  link.lost();
  assert.ok(!link.asks(1006));
  assert.ok(link.asks(1008));
});

test("while the store is away nothing is called empty, and what is shown keeps its time", () => {
  const link = new Link();
  link.opened();
  link.heard(AWAY, at(1));
  assert.deepEqual([link.state, link.trouble, link.emptiness, link.asOf], ["waiting", "store", "away", null]);
  link.heard(BACK, at(2));
  assert.deepEqual([link.trouble, link.emptiness], [null, "loading"]);
  link.heard(SNAPSHOT, at(3));
  assert.equal(link.emptiness, "none");
  link.heard(AWAY, at(9));
  assert.deepEqual([link.trouble, link.asOf, link.emptiness], ["store", at(3), "away"]);
});
