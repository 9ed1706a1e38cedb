// One row of the board. Everything is set as text, so no name or id can become markup.

import { fill } from "./fill.mjs";
import { localDateTime, localTime } from "./times.mjs";

/** A group visit can hold hundreds; the row shows this many and counts the rest. */
const MOST_PEOPLE = 12;

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * @param {object} words what the page says, in the reader's language
 * @param {Set<string> | null} acts the organizations on whose visits the reader may act; null where the table has no column for it
 */
export function visitRow(visit, words, acts) {
  return element(
    "tr",
    {},
    visitCell(visit, words),
    acts && actCell(visit, words, acts.has(visit.organization)),
    phaseCell(visit, words),
    element("td", {}, people(visit, words)),
    element("td", {}, problems(visit, words)),
    meetingCell(visit, words),
    element("td", {}, visit.organization),
    updatedCell(visit, words),
  );
}

/** The visit heads its row; all that is known of it is one step away. */
function visitCell(visit, words) {
  return element("th", { scope: "row", class: "visit" }, element("a", { href: pageOf(visit), title: words.all_about }, nameOf(visit, words)));
}

function actCell(visit, words, mayAct) {
  const button = mayAct ? actsButton(pageOf(visit), words.act, fill(words.act_on, nameOf(visit, words))) : null;
  return element("td", {}, button);
}

function nameOf(visit, words) {
  return isGroup(visit) ? fill(words.group, visit.conference_id ?? "") : String(visit.csn);
}

function isGroup(visit) {
  return visit.csn === null || visit.csn === undefined;
}

/** Where the page of a visit is, in the language of this one. */
export function pageOf(visit) {
  const [kind, id] = isGroup(visit) ? ["group-visits", visit.conference_id] : ["visits", visit.csn];
  return `/${kind}/${encodeURIComponent(visit.organization)}/${encodeURIComponent(id ?? "")}?lang=${document.documentElement.lang}`;
}

function phaseCell({ phase, admittance, appointment, expected, ends_at: ends, reopens_until: reopens, repairs = [] }, words) {
  const tag = element("span", { class: "tag", "data-phase": phase }, said(words, phase));
  const cell = element("td", {}, tag, element("br"), quiet(said(words, admittance ?? "")));
  if (appointment) {
    const window = element("span", { title: fill(words.may_come, localDateTime(appointment.opens_at), localDateTime(appointment.closes_at)) });
    window.append(deadline(words.starts, appointment.starts_at), " ", deadline(words.opens, appointment.opens_at), " ", deadline(words.closes, appointment.closes_at));
    cell.append(element("br"), window);
  }
  if (expected) cell.append(element("br"), deadline(words[`${expected.who}_expected`] ?? "", expected.by));
  if (reopens) cell.append(element("br"), deadline(words.reopens, reopens));
  if (ends) cell.append(element("br"), deadline(words.ends, ends));
  const repaired = repairs.at(-1);
  if (repaired) cell.append(element("br"), deadline(words[`${repaired.missing}_missing`] ?? "", repaired.at));
  return cell;
}

function deadline(what, at) {
  const made = quiet(`${what} `);
  made.append(time(at));
  return made;
}

/** Which node holds the visit, and since which change of owner (the epoch). */
function updatedCell({ owner, updated_at: updated }, words) {
  const held = owner?.node ? fill(words.owner, owner.node, owner.epoch) : words.no_owner;
  return element("td", { class: "nowrap" }, time(updated), element("br"), quiet(held));
}

/** A word of the API's as the reader says it; whatever a later release says comes as it is. */
function said(words, word) {
  return words.spoken[word] ?? word;
}

function quiet(text) {
  return element("span", { class: "quiet" }, text);
}

function people(visit, words) {
  const list = element("ul", { class: "people" });
  const present = visit.participants ?? [];
  for (const person of present.slice(0, MOST_PEOPLE)) list.append(personItem(person, visit, words));
  if (present.length > MOST_PEOPLE) list.append(element("li", { class: "quiet" }, fill(words.and_more, present.length - MOST_PEOPLE)));
  if (present.length === 0) list.append(element("li", {}, quiet(words.nobody)));
  for (const test of (visit.device_tests ?? []).slice(0, MOST_PEOPLE)) list.append(testItem(test, visit, words));
  return list;
}

/** What came out of somebody's device test, whether they are here or not. */
function testItem({ role, csn, outcome, at }, visit, words) {
  const ofGroup = csn && csn !== visit.csn ? ` (${csn})` : "";
  return element("li", {}, quiet(`${fill(words.tested, `${said(words, role)}${ofGroup}`, said(words, outcome))} `), time(at));
}

function personItem(person, visit, words) {
  const ofGroup = person.csn && person.csn !== visit.csn ? ` (${person.csn})` : "";
  const who = `${said(words, person.role)}${ofGroup}`;
  const presence = said(words, person.presence);
  return element(
    "li",
    {},
    element("span", { class: "light", "data-on": String(person.connected), "data-pending": String(person.wanted !== person.connected), "aria-hidden": "true" }),
    ` ${who}: ${presence}, ${lightWords(person, words)}`,
    person.role === "unidentified" ? element("br") : null,
    person.role === "unidentified" ? element("a", { href: `${pageOf(visit)}#who` }, words.who_is_this) : null,
  );
}

/** What stands at Epic, and what should stand there while the two differ. */
function lightWords({ wanted, connected }, words) {
  if (wanted === connected) return connected ? words.light_on : words.light_off;
  return wanted ? words.turning_on : words.turning_off;
}

function meetingCell({ meeting }, words) {
  if (!meeting?.id) return element("td", { class: "quiet" }, words.no_meeting);
  const id = String(meeting.id).replace(/^(\d{3})(\d{3,5})(\d{4})$/, "$1 $2 $3");
  const room = meeting.waiting_room ? words.waiting_room : null;
  return element("td", { class: "nowrap" }, id, room && element("br"), room && quiet(room));
}

function problems(visit, words) {
  const found = visit.problems ?? [];
  if (found.length === 0) return quiet(words.nothing);
  const list = element("ul", { class: "problems" });
  for (const problem of found) list.append(element("li", {}, words.sentences[problem.code] ?? (problem.message || problem.code)));
  return list;
}

function time(text) {
  if (!text) return "";
  return element("time", { datetime: text, title: `${localDateTime(text)} (${text})` }, localTime(text));
}

/** Opens the forms of a page; its name begins with what is to be seen of it. */
export function actsButton(page, text, label) {
  return element("button", { type: "button", class: "small", "data-page": page, "aria-label": label }, text);
}
