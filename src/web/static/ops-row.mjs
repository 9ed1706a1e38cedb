// One row of the board. Everything is set as text, so no name or id can become markup.

import { localDateTime, localTime } from "./times.mjs";

const PHASE_WORDS = {
  scheduled: "scheduled",
  waiting_for_host: "waiting for host",
  in_progress: "in progress",
  ended: "ended",
};
const PRESENCE_WORDS = {
  gone: "gone",
  waiting: "waiting",
  in_waiting_room: "in waiting room",
  in_meeting: "in meeting",
};
/** A group visit can hold hundreds; the row shows this many and counts the rest. */
const MOST_PEOPLE = 12;

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function visitRow(visit) {
  return element(
    "tr",
    {},
    visitCell(visit),
    phaseCell(visit),
    element("td", {}, people(visit)),
    element("td", {}, problems(visit)),
    meetingCell(visit),
    element("td", {}, visit.organization),
    updatedCell(visit),
  );
}

/** The visit heads its row; all that is known of it is one step away. */
function visitCell(visit) {
  const name = isGroup(visit) ? `group ${visit.conference_id ?? ""}` : String(visit.csn);
  return element("th", { scope: "row", class: "visit" }, element("a", { href: pageOf(visit), title: "All about this visit" }, name));
}

function isGroup(visit) {
  return visit.csn === null || visit.csn === undefined;
}

function pageOf(visit) {
  const [kind, id] = isGroup(visit) ? ["group-visits", visit.conference_id] : ["visits", visit.csn];
  return `/${kind}/${encodeURIComponent(visit.organization)}/${encodeURIComponent(id ?? "")}`;
}

function phaseCell({ phase, admittance, appointment, expected, ends_at: ends, reopens_until: reopens, repairs = [] }) {
  const tag = element("span", { class: "tag", "data-phase": phase }, PHASE_WORDS[phase] ?? phase);
  const cell = element("td", {}, tag, element("br"), quiet(admittance ?? ""));
  if (appointment) {
    const window = element("span", { title: `Patients may come from ${localDateTime(appointment.opens_at)} to ${localDateTime(appointment.closes_at)}` });
    window.append(deadline("for ", appointment.starts_at), " ", deadline("open ", appointment.opens_at), deadline(" to ", appointment.closes_at));
    cell.append(element("br"), window);
  }
  if (expected) cell.append(element("br"), deadline(`${expected.who} expected by `, expected.by));
  if (reopens) cell.append(element("br"), deadline("may be opened again until ", reopens));
  if (ends) cell.append(element("br"), deadline("ends by itself ", ends));
  const repaired = repairs.at(-1);
  if (repaired) cell.append(element("br"), deadline(`${repaired.missing} not told, found by asking Zoom `, repaired.at));
  return cell;
}

function deadline(what, at) {
  const made = quiet(what);
  made.append(time(at));
  return made;
}

/** Which node holds the visit, and since which change of owner (the epoch). */
function updatedCell({ owner, updated_at: updated }) {
  const held = owner?.node ? `${owner.node}, epoch ${owner.epoch}` : "no owner";
  return element("td", { class: "nowrap" }, time(updated), element("br"), quiet(held));
}

function quiet(text) {
  return element("span", { class: "quiet" }, text);
}

function people(visit) {
  const list = element("ul", { class: "people" });
  const present = visit.participants ?? [];
  for (const person of present.slice(0, MOST_PEOPLE)) list.append(personItem(person, visit));
  if (present.length > MOST_PEOPLE) list.append(element("li", { class: "quiet" }, `and ${present.length - MOST_PEOPLE} more`));
  if (present.length === 0) list.append(element("li", {}, quiet("nobody")));
  for (const test of (visit.device_tests ?? []).slice(0, MOST_PEOPLE)) list.append(testItem(test, visit));
  return list;
}

/** What came out of somebody's device test, whether they are here or not. */
function testItem({ role, csn, outcome, at }, visit) {
  const ofGroup = csn && csn !== visit.csn ? ` (${csn})` : "";
  return element("li", {}, quiet(`${role}${ofGroup} tested: ${outcome}, `), time(at));
}

function personItem(person, visit) {
  const ofGroup = person.csn && person.csn !== visit.csn ? ` (${person.csn})` : "";
  const who = `${person.role}${ofGroup}`;
  const presence = PRESENCE_WORDS[person.presence] ?? person.presence;
  return element(
    "li",
    {},
    element("span", { class: "light", "data-on": String(person.connected), "data-pending": String(person.wanted !== person.connected), "aria-hidden": "true" }),
    ` ${who}: ${presence}, ${lightWords(person)}`,
    person.role === "unidentified" ? element("br") : null,
    person.role === "unidentified" ? element("a", { href: `${pageOf(visit)}#who` }, "Who is this?") : null,
  );
}

/** What stands at Epic, and what should stand there while the two differ. */
function lightWords({ wanted, connected }) {
  if (wanted === connected) return connected ? "light on" : "light off";
  return wanted ? "light off, turning on" : "light on, turning off";
}

function meetingCell({ meeting }) {
  if (!meeting?.id) return element("td", { class: "quiet" }, "none");
  const id = String(meeting.id).replace(/^(\d{3})(\d{3,5})(\d{4})$/, "$1 $2 $3");
  const room = meeting.waiting_room ? "waiting room" : null;
  return element("td", { class: "nowrap" }, id, room && element("br"), room && quiet(room));
}

function problems(visit) {
  const found = visit.problems ?? [];
  if (found.length === 0) return quiet("none");
  const list = element("ul", { class: "problems" });
  for (const problem of found) list.append(element("li", {}, problem.message || problem.code));
  return list;
}

function time(text) {
  if (!text) return "";
  return element("time", { datetime: text, title: `${localDateTime(text)} (${text})` }, localTime(text));
}
