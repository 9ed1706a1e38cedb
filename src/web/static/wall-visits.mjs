// What a wall screen makes of the visits: counts, and rows with those in trouble first. Roles, places and the end of a number alone:
// whoever passes by may read it.

/** Somebody waits too long after so many milliseconds, counted from when they came or the visit should have begun. */
export const TOO_LONG = 600_000;
/** A light that is not as it should be is given so long before it is in doubt; most follow within seconds. */
export const LIGHT_WITHIN = 30_000;
/** Of an id this many characters are shown: enough to find it on the board, too few to be of use to anybody else. */
const SHOWN_OF_AN_ID = 4;
const NO_SHOWS = ["provider_no_show", "patient_no_show"];
const WAITS = ["waiting", "in_waiting_room"];
const BANDS = ["trouble", "waiting", "in_progress"];

/** The end of the visit's number. */
export function shortName({ csn, conference_id: conference }) {
  const id = String(csn ?? conference ?? "");
  return id.length > SHOWN_OF_AN_ID ? `…${id.slice(-SHOWN_OF_AN_ID)}` : id;
}

/** @param {Iterable<object>} visits @param {number} now in milliseconds */
export function wallOf(visits, now, organization = "") {
  const counts = { running: 0, too_long: 0, with_problems: 0, lights_in_doubt: 0 };
  const others = { scheduled: 0, ended: 0 };
  const rows = [];
  for (const visit of visits) {
    if (organization !== "" && visit.organization !== organization) continue;
    const row = rowOf(visit, now);
    if (visit.phase === "in_progress") counts.running += 1;
    if (row.tooLong) counts.too_long += 1;
    if (row.problems.length > 0) counts.with_problems += 1;
    counts.lights_in_doubt += row.lightsInDoubt;
    if (row.band !== null) rows.push(row);
    else if (visit.phase in others) others[visit.phase] += 1;
  }
  rows.sort((one, other) => BANDS.indexOf(one.band) - BANDS.indexOf(other.band) || compare(one.since, other.since));
  return { counts, rows, others };
}

function rowOf(visit, now) {
  const people = visit.participants ?? [];
  const present = people.filter(({ presence }) => presence !== "gone");
  const waiting = people.filter(({ presence }) => WAITS.includes(presence));
  const problems = (visit.problems ?? []).map(({ code }) => code);
  const lightsInDoubt = people.filter((person) => isInDoubt(person, now)).length;
  const begins = Date.parse(visit.appointment?.starts_at ?? "");
  const waitsSince = earliest(waiting.map(({ since }) => Math.max(Date.parse(since), begins || 0)));
  const tooLong = waitsSince + TOO_LONG <= now || problems.some((code) => NO_SHOWS.includes(code));
  const shown = waiting.length > 0 ? waiting : present;
  const since = earliest(shown.map(({ since: at }) => Date.parse(at)));
  return { visit, band: bandOf(), problems, lightsInDoubt, tooLong, since, people: shown };

  function bandOf() {
    if (tooLong || problems.length > 0 || lightsInDoubt > 0) return "trouble";
    if (waiting.length > 0) return "waiting";
    return visit.phase === "in_progress" ? "in_progress" : null;
  }
}

function isInDoubt({ wanted, connected, since }, now) {
  return wanted !== connected && Date.parse(since) + LIGHT_WITHIN <= now;
}

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Of no times, or times that cannot be read, never. */
function earliest(times) {
  return Math.min(Number.POSITIVE_INFINITY, ...times.filter((time) => !Number.isNaN(time)));
}
