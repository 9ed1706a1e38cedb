// The waiting page: shows the news of its visit and goes in by itself when it may.

import { memory } from "./memory.mjs";
import { tabs } from "./tabs.mjs";
import { watchVisit } from "./watcher.mjs";

/** A tab in the background lets a visible one go first. */
const HIDDEN_TAB_WAITS = 1_500;
/** A form that has not led away by then opened an app beside the page, or failed: the person decides what next. */
const JOIN_TAKES_AT_MOST = 15_000;
/** After a join that led nowhere the page does not try by itself before this, twice as long each time up to the most. */
const AFTER_REFUSAL = 4_000;
const AFTER_REFUSALS_AT_MOST = 60_000;
/** A connection that is lost for so long after it was said is worth the number to call. */
const CALL_AFTER = 20_000;
/** How long news of another tab that goes in keeps this one from doing the same. */
const ELSEWHERE_COUNTS = 10_000;

const main = document.getElementById("visit");
const message = document.getElementById("message");
const about = document.getElementById("about");
const note = document.getElementById("note");
const form = document.getElementById("join");
const promise = document.getElementById("promise");
const ended = document.getElementById("ended");
const trouble = document.getElementById("trouble");
const text = main.dataset;

const remembered = memory(text.ticket);
let canJoin = text.canJoin === "true";
/** Whether the page goes in by itself at the next chance. */
let armed = true;
let joining = false;
/** This tab was in the meeting, which still runs as far as is known. */
let backFromMeeting = false;
let notBefore = 0;
let elsewhereUntil = 0;
let joinTimer = null;
let leaveTimer = null;
let callTimer = null;

const together = tabs(text.group, () => {
  if (joining) return;
  armed = false;
  elsewhereUntil = performance.now() + ELSEWHERE_COUNTS;
  clearTimeout(joinTimer);
  joinTimer = null;
  say(text.textElsewhere);
});

const watcher = watchVisit({
  events: text.events,
  state: text.state,
  EventSource: window.EventSource,
  fetch: (address, options) => fetch(address, options),
  setTimeout: (call, pause) => setTimeout(call, pause),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => performance.now(),
  onState: show,
  onTrouble: tellTrouble,
  onGone: () => {
    main.dataset.over = "true";
    document.title = text.titleNoLongerValid;
    form.hidden = true;
    promise.hidden = true;
    ended.hidden = true;
    say("");
    about.hidden = true;
    setText(message, text.textNoLongerValid);
    tellTrouble(false);
  },
});

/** Writes only what changed, so that a screen reader speaks only of changes. */
function setText(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** One quiet line; after a while with the number to call, which the page has had from the beginning. */
function tellTrouble(inTrouble) {
  if (!inTrouble) {
    clearTimeout(callTimer);
    callTimer = null;
    setText(trouble, "");
  } else if (callTimer === null) {
    const { text: lost, call } = trouble.dataset;
    setText(trouble, lost);
    if (call) callTimer = setTimeout(() => setText(trouble, `${lost} ${call}`), CALL_AFTER);
  }
}

function say(value) {
  setText(note, value);
  note.hidden = value === "";
}

function show(state) {
  if (state.refused) {
    // The launch was decided against this person meanwhile. The page's own address now says why and what to do.
    watcher.pause();
    location.replace(text.page);
    return;
  }
  const opened = state.can_join && !canJoin;
  if (!state.can_join && performance.now() >= elsewhereUntil) {
    // The visit is closed to this person; when it opens again, the page may go in by itself again.
    if (canJoin) say("");
    armed = true;
    backFromMeeting = false;
    clearTimeout(joinTimer);
    joinTimer = null;
    if (!joining) remembered.forget();
  }
  canJoin = state.can_join;
  main.dataset.phase = state.phase;
  main.dataset.over = String(state.cancelled === true);
  setText(message, state.message);
  setText(about, state.about ?? "");
  about.hidden = !state.about;
  if (state.cancelled) say("");
  const isOver = (state.phase === "ended" || state.cancelled === true) && !canJoin;
  setText(ended, state.cancelled ? text.textCancelled : text.textEnded);
  form.hidden = !canJoin;
  ended.hidden = !isOver;
  promise.hidden = isOver || canJoin;
  const titleOver = state.cancelled ? text.titleCancelled : text.titleEnded;
  document.title = canJoin ? text.titleReady : isOver ? titleOver : text.titleWaiting;
  if (opened) offerButton();
  if (canJoin && backFromMeeting) say(text.textCameBack);
  if (canJoin) goIn();
}

/** Puts the keyboard on the button, unless the person is busy elsewhere on the page. */
function offerButton() {
  if (armed) say("");
  if (document.activeElement === document.body || document.activeElement === null) {
    form.querySelector("button").focus({ preventScroll: true });
  }
}

function goIn() {
  if (!armed || joining || joinTimer !== null) return;
  const wait = Math.max(notBefore - performance.now(), document.hidden ? HIDDEN_TAB_WAITS : 0);
  if (wait > 0) {
    joinTimer = setTimeout(() => {
      joinTimer = null;
      if (armed && canJoin) takeTurn();
    }, wait);
  } else {
    takeTurn();
  }
}

function takeTurn() {
  together.takeTurn(() => {
    if (canJoin && !joining) form.requestSubmit();
  });
}

form.addEventListener("submit", (event) => {
  if (joining) {
    event.preventDefault();
    return;
  }
  joining = true;
  remembered.markJoined();
  together.announce();
  watcher.pause();
  say(text.textJoining);
  clearTimeout(leaveTimer);
  leaveTimer = setTimeout(() => {
    cameBack();
    watcher.lookAgain();
  }, JOIN_TAKES_AT_MOST);
});

/** The person is on this page after a join: offer the way in again, do not push through it. */
function cameBack() {
  joining = false;
  clearTimeout(leaveTimer);
  backFromMeeting = remembered.hasJoined();
  if (backFromMeeting) armed = false;
  say(canJoin && backFromMeeting ? text.textCameBack : "");
}

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  cameBack();
  watcher.lookAgain();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) watcher.lookAgain();
});
window.addEventListener("online", () => watcher.lookAgain());

if (text.refused === "true") {
  // This page is the answer to a join that led nowhere; its address would ask to send the form again, or say so again.
  history.replaceState(null, "", text.page);
  const wait = AFTER_REFUSAL * 2 ** Math.min(remembered.countRefusal() - 1, 10);
  notBefore = performance.now() + Math.min(wait, AFTER_REFUSALS_AT_MOST);
}
const arrival = performance.getEntriesByType("navigation")[0];
if (arrival && arrival.type === "back_forward") cameBack();
watcher.start();
if (canJoin) goIn();
