// The live board: takes the stream, keeps the newest of each visit, and draws what the filters let through.

import { fill } from "./fill.mjs";
import { linkShown } from "./link-shown.mjs";
import { Acts } from "./ops-acts.mjs";
import { follow } from "./ops-live.mjs";
import { showPaused } from "./ops-paused.mjs";
import { pageOf, visitRow } from "./ops-row.mjs";
import { keyOf } from "./ops-visits.mjs";

/** Rows drawn at most; more than this nobody reads, and filters find the rest. */
const MOST_ROWS = 300;
/** The counts are spoken, so they change at most this often. */
const COUNTS_EVERY = 2_000;
/** Drawn at most this often, however fast the stream is. */
const DRAW_EVERY = 150;

const board = document.getElementById("board");
const rows = document.getElementById("rows");
const empty = document.getElementById("empty");
const paused = document.getElementById("paused");
const filters = document.getElementById("filters");
const table = rows.closest(".table-frame");
const words = JSON.parse(board.dataset.words);

const EMPTY_WORDS = {
  none: words.none,
  away: words.away,
  loading: words.loading,
  connecting: words.connecting_to_service,
};

/** Rows as drawn: the visit they show and their element. */
const drawn = new Map();
let drawTimer = null;
let countsTimer = null;

const showLink = linkShown({ words, signIn: board.dataset.signIn });
const acts = new Acts(words);
/** The organizations on whose visits the reader may act. */
const operated = new Set(board.dataset.operated.split(" ").filter(Boolean));

const { visits, link } = follow(board, {
  onVisits: later,
  onLink: () => showLink(link),
  onPaused(organizations) {
    showPaused(paused, organizations, words, operated);
    acts.renew();
  },
});

function later() {
  drawTimer ??= setTimeout(() => {
    drawTimer = null;
    draw();
  }, DRAW_EVERY);
  countsTimer ??= setTimeout(() => {
    countsTimer = null;
    drawCounts();
  }, drawn.size === 0 ? 0 : COUNTS_EVERY);
}

function chosenFilters() {
  const form = new FormData(filters);
  return {
    organization: form.get("organization") ?? "",
    phase: form.get("phase") ?? "",
    text: String(form.get("text") ?? "").trim(),
    problems: form.get("problems") !== null,
    order: form.get("order") ?? "visit",
  };
}

function draw() {
  drawOrganizations();
  const chosen = visits.select(chosenFilters());
  const shown = chosen.slice(0, MOST_ROWS);
  const keep = new Set(shown.map(keyOf));
  for (const [key, row] of drawn) {
    if (!keep.has(key)) {
      row.element.remove();
      drawn.delete(key);
    }
  }
  // Rows are made first and put in order afterwards, because making one may replace the element at `place`.
  const elements = shown.map(rowOf);
  let place = rows.firstElementChild;
  for (const current of elements) {
    if (current === place) place = place.nextElementSibling;
    else rows.insertBefore(current, place);
  }
  table.hidden = shown.length === 0;
  drawEmpty(chosen.length, shown.length);
}

/** The element of a visit's row, made anew only when the visit changed. */
function rowOf(visit) {
  const key = keyOf(visit);
  const known = drawn.get(key);
  if (known?.visit === visit) return known.element;
  const made = visitRow(visit, words, operated.size > 0 ? operated : null);
  if (known) {
    replaceKeepingFocus(known.element, made);
    acts.renew(pageOf(visit));
  }
  drawn.set(key, { visit, element: made });
  return made;
}

function replaceKeepingFocus(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement.localName : null;
  old.replaceWith(made);
  if (focused) made.querySelector(focused)?.focus({ preventScroll: true });
}

function drawEmpty(found, shown) {
  if (shown < found) {
    empty.textContent = fill(words.showing, shown, found);
  } else if (found > 0) {
    empty.textContent = "";
  } else if (visits.size > 0) {
    empty.textContent = words.no_fit;
  } else {
    empty.textContent = EMPTY_WORDS[link.emptiness];
  }
  empty.hidden = empty.textContent === "";
}

function drawOrganizations() {
  const select = filters.elements.namedItem("organization");
  const known = visits.organizations();
  const listed = Array.from(select.options, (option) => option.value).slice(1);
  if (known.join("\u0000") === listed.join("\u0000")) return;
  const chosen = select.value;
  if (chosen !== "" && !known.includes(chosen)) known.push(chosen);
  select.replaceChildren(select.options[0], ...known.map((name) => new Option(name, name)));
  select.value = chosen;
}

function drawCounts() {
  const counts = visits.counts();
  for (const place of document.querySelectorAll("[data-count]")) {
    const value = String(counts[place.dataset.count] ?? 0);
    if (place.textContent !== value) place.textContent = value;
  }
}

filters.addEventListener("input", later);
filters.addEventListener("submit", (event) => event.preventDefault());
