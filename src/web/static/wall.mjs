// The wall screen. It draws what fits, counts what does not, and looks dead as soon as it is not fed any more.

import { fill } from "./fill.mjs";
import { follow } from "./ops-live.mjs";
import { element } from "./ops-row.mjs";
import { localTime } from "./times.mjs";
import { shortName, wallOf } from "./wall-visits.mjs";

/** Rows made at most; no screen has room for more. */
const MOST_ROWS = 60;
/** People in a row at most; the others are counted. */
const MOST_PEOPLE = 3;
/** Drawn at most this often, however fast the stream is, */
const DRAW_EVERY = 250;
/** and at least this often, since waiting grows by itself. */
const DRAW_AGAIN = 10_000;

const wall = document.getElementById("wall");
const rows = document.getElementById("rows");
const more = document.getElementById("more");
const others = document.getElementById("others");
const state = document.getElementById("link");
const stale = document.getElementById("stale");
const words = JSON.parse(wall.dataset.words);
const roles = Object.fromEntries(words.roles);
const places = Object.fromEntries(words.places);
const minutes = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
let timer = null;

const { visits, link } = follow(wall, { onVisits: later, onLink: showLink });

function later() {
  timer ??= setTimeout(draw, DRAW_EVERY);
}

function draw() {
  clearTimeout(timer);
  timer = null;
  const now = Date.now();
  const shown = wallOf(visits.all(), now, wall.dataset.organization);
  drawCounts(shown.counts);
  const several = new Set(shown.rows.map(({ visit }) => visit.organization)).size > 1;
  const made = shown.rows.slice(0, MOST_ROWS).map((row) => rowElement(row, now, several));
  if (made.length === 0) made.push(element("li", {}, link.emptiness === "none" ? words.nothing : words.not_known));
  rows.replaceChildren(...made);
  others.textContent = fill(words.others, shown.others.scheduled, shown.others.ended);
  drawRest(shown.rows);
}

/** Hides every row that does not fit whole, and says how many those are. */
function drawRest(all) {
  const room = rows.clientHeight;
  const scrolls = getComputedStyle(rows).overflow === "visible";
  let fitting = 0;
  for (const row of rows.children) {
    row.hidden = !scrolls && row.offsetTop + row.offsetHeight > room + 1;
    if (!row.hidden) fitting += 1;
  }
  const left = all.slice(Math.min(fitting, MOST_ROWS));
  const inBand = (band) => left.filter((row) => row.band === band).length;
  const told = [
    [words.of_them_in_trouble, inBand("trouble")],
    [words.of_them_waiting, inBand("waiting")],
    [words.of_them_in_progress, inBand("in_progress")],
  ];
  const counted = told.filter(([, count]) => count > 0).map(([text, count]) => fill(text, count));
  more.textContent = left.length === 0 ? "" : `${fill(words.do_not_fit, left.length)} ${counted.join(", ")}`;
  more.toggleAttribute("data-trouble", inBand("trouble") > 0);
}

function drawCounts(counts) {
  for (const place of wall.querySelectorAll("[data-count]")) {
    const count = counts[place.dataset.count];
    place.textContent = link.asOf === null ? "–" : String(count);
    place.parentElement.classList.toggle("loud", "bad" in place.dataset && count > 0);
  }
}

function rowElement(row, now, several) {
  const { visit, band, since } = row;
  const kind = visit.csn === null || visit.csn === undefined ? `${words.group} ` : "";
  const begins = visit.appointment ? ` ${minuteOf(visit.appointment.starts_at)}` : "";
  const soLong = Number.isFinite(since) ? fill(words.minutes, Math.max(0, Math.floor((now - since) / 60_000))) : "";
  return element(
    "li",
    { "data-band": band },
    element("span", { class: "band" }, words[band]),
    element("span", { class: "which" }, `${kind}${shortName(visit)}${begins}`),
    element("span", { class: "what" }, whatOf(row), several ? ` · ${visit.organization}` : ""),
    element("span", { class: "so-long" }, soLong),
  );
}

/** What is wrong, and who is there: by what they are, never by name. */
function whatOf({ visit, problems, lightsInDoubt, tooLong, people }) {
  const parts = problems.map((code) => words.problems[code] ?? code.replaceAll("_", " "));
  if (lightsInDoubt > 0) parts.push(words.light_in_doubt);
  if (tooLong && problems.length === 0) parts.push(words.too_long);
  parts.push(...people.slice(0, MOST_PEOPLE).map(({ role, presence }) => `${roles[role] ?? role}: ${places[presence] ?? presence}`));
  if (people.length > MOST_PEOPLE) parts.push(fill(words.and_more, people.length - MOST_PEOPLE));
  if (people.length === 0) parts.push(words[visit.phase] ?? "");
  return parts.join(" · ");
}

function minuteOf(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : minutes.format(date);
}

function showLink() {
  const isStale = link.trouble !== null;
  state.dataset.state = link.state;
  state.textContent = link.state === "live" && link.asOf !== null ? `${words.live}, ${fill(words.as_of, clock(link.asOf))}` : words.connecting;
  state.hidden = isStale;
  document.body.classList.toggle("wall-is-stale", isStale);
  const said = isStale ? staleWords() : [];
  // What stands there already is not said again.
  if (stale.textContent !== said.map((part) => part.textContent ?? part).join("")) {
    stale.replaceChildren(...said);
    later();
  }
  stale.hidden = !isStale;
}

function staleWords() {
  const said = [words[link.trouble.replace("-", "_")]];
  if (link.asOf !== null) said.push(` ${fill(words.was_so, clock(link.asOf))}`);
  if (link.trouble === "signed-out") said.push(" ", element("a", { href: wall.dataset.signIn }, words.sign_in));
  return said;
}

function clock(date) {
  return localTime(date.toISOString());
}

setInterval(draw, DRAW_AGAIN);
new ResizeObserver(later).observe(rows);
later();
