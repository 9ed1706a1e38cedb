// What a wall screen makes of the visits.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LIGHT_WITHIN, shortName, TOO_LONG, wallOf } from "../../../src/web/static/wall-visits.mjs";

const NOW = Date.UTC(2026, 10, 23, 17, 0, 0);
const ago = (milliseconds) => new Date(NOW - milliseconds).toISOString();

function somebody(presence, milliseconds, more = {}) {
  return { role: "patient", presence, wanted: false, connected: false, since: ago(milliseconds), ...more };
}

function visit(csn, phase, participants, more = {}) {
  return { organization: "lakeside", csn, phase, version: 1, participants, problems: [], ...more };
}

const bands = (visits) => wallOf(visits, NOW).rows.map(({ visit: { csn }, band }) => `${csn} ${band}`);

test("trouble comes first, then whoever waits, the longest wait first, then what runs", () => {
  const visits = [
    visit("1", "in_progress", [somebody("in_meeting", 1)]),
    visit("2", "waiting_for_host", [somebody("waiting", 1_000)]),
    visit("3", "waiting_for_host", [somebody("waiting", 9_000)]),
    visit("4", "ended", [], { problems: [{ code: "update_parked" }] }),
    visit("5", "scheduled", []),
    visit("6", "ended", [somebody("gone", 1)]),
  ];
  assert.deepEqual(bands(visits), ["4 trouble", "3 waiting", "2 waiting", "1 in_progress"]);
  assert.deepEqual(wallOf(visits, NOW).others, { scheduled: 1, ended: 1 });
});

test("a wait is too long from the time that the visit should have begun, in Zoom's waiting room as well", () => {
  const appointment = (milliseconds) => ({ appointment: { starts_at: ago(milliseconds) } });
  const waits = (presence, more) => wallOf([visit("1", "waiting_for_host", [somebody(presence, TOO_LONG)], more)], NOW).counts.too_long;
  assert.equal(waits("waiting", {}), 1);
  assert.equal(waits("in_waiting_room", {}), 1);
  assert.equal(waits("in_meeting", {}), 0);
  assert.equal(waits("waiting", appointment(TOO_LONG - 1)), 0, "they came before their time");
  assert.equal(waits("waiting", appointment(TOO_LONG)), 1);
  assert.equal(waits("gone", { problems: [{ code: "provider_no_show" }] }), 1);
});

test("a light is in doubt when it has had the time to follow", () => {
  const lights = (milliseconds, wanted, connected) => {
    const person = somebody("in_meeting", milliseconds, { wanted, connected });
    return wallOf([visit("1", "in_progress", [person])], NOW).counts.lights_in_doubt;
  };
  assert.equal(lights(LIGHT_WITHIN - 1, true, false), 0);
  assert.equal(lights(LIGHT_WITHIN, true, false), 1);
  assert.equal(lights(LIGHT_WITHIN, false, true), 1);
  assert.equal(lights(LIGHT_WITHIN, true, true), 0);
});

test("times that cannot be read wait for ever and break nothing", () => {
  const broken = visit("1", "waiting_for_host", [{ role: "patient", presence: "waiting", since: "soon" }], { appointment: { starts_at: null } });
  assert.deepEqual(bands([broken]), ["1 waiting"]);
  assert.deepEqual(bands([visit("2", "in_progress", undefined, { problems: undefined })]), ["2 in_progress"]);
});

test("one organization's wall counts its own visits alone", () => {
  const other = visit("1", "in_progress", [somebody("in_meeting", 1)], { organization: "hillside" });
  assert.equal(wallOf([other], NOW, "lakeside").counts.running, 0);
  assert.equal(wallOf([other], NOW, "hillside").counts.running, 1);
});

test("of an id the end alone is shown", () => {
  assert.equal(shortName({ csn: "52210001" }), "…0001");
  assert.equal(shortName({ csn: "17" }), "17");
  assert.equal(shortName({ csn: null, conference_id: "conf-1234" }), "…1234");
});
