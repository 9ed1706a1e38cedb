// The waiting page: shows the news of its visit and goes in by itself when it may.

import { memory } from "./memory.mjs";
import { tabs } from "./tabs.mjs";
import { watchVisit } from "./watcher.mjs";

/** A tab in the background lets a visible one go first. */
const HIDDEN_TAB_WAITS = 1_500;
/** A form that has not led away by then has failed; the page goes back to waiting. */
const JOIN_TAKES_AT_MOST = 15_000;
/** After "not any more" the page does not try by itself again before this. */
const AFTER_REFUSAL = 5_000;
/** Tries by itself on one page; after that the button is there for the person. */
const MOST_TRIES = 5;
/** How long news of another tab that goes in keeps this one from doing the same. */
const ELSEWHERE_COUNTS = 10_000;

const main = document.getElementById("visit");
const message = document.getElementById("message");
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
let tries = 0;
let notBefore = 0;
let elsewhereUntil = 0;
let joinTimer = null;
let retryTimer = null;

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
  onTrouble: (inTrouble) => setText(trouble, inTrouble ? trouble.dataset.text : ""),
  onGone: () => {
    main.dataset.over = "true";
    form.hidden = true;
    promise.hidden = true;
    ended.hidden = true;
    say("");
    setText(message, text.textNoLongerValid);
    setText(trouble, "");
  },
});

/** Writes only what changed, so that a screen reader speaks only of changes. */
function setText(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function say(value) {
  setText(note, value);
  note.hidden = value === "";
}

function show(state) {
  const opened = state.can_join && !canJoin;
  if (!state.can_join && performance.now() >= elsewhereUntil) {
    // The visit is closed to this person; when it opens again, the page may go in by itself again.
    if (canJoin) say("");
    armed = true;
    tries = 0;
    clearTimeout(joinTimer);
    joinTimer = null;
    if (!joining) remembered.forget();
  }
  canJoin = state.can_join;
  main.dataset.phase = state.phase;
  setText(message, state.message);
  const isOver = state.phase === "ended" && !canJoin;
  form.hidden = !canJoin;
  ended.hidden = !isOver;
  promise.hidden = isOver || canJoin;
  document.title = canJoin ? text.titleReady : isOver ? text.titleEnded : text.titleWaiting;
  if (opened) offerButton();
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
  if (tries >= MOST_TRIES) {
    armed = false;
    return;
  }
  tries += 1;
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
  say(text.textJoining);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => {
    joining = false;
    say("");
    notBefore = performance.now() + AFTER_REFUSAL;
    watcher.lookAgain();
  }, JOIN_TAKES_AT_MOST);
});

/** The person came back from the meeting with the browser's "back": offer the way in, do not push through it. */
function cameBack() {
  joining = false;
  clearTimeout(retryTimer);
  if (canJoin && remembered.hasJoined()) {
    armed = false;
    say(text.textCameBack);
  } else {
    say("");
  }
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
  // This page is the answer to a join that came too late; its address would ask to send the form again.
  history.replaceState(null, "", text.page);
  remembered.forget();
  notBefore = performance.now() + AFTER_REFUSAL;
}
const arrival = performance.getEntriesByType("navigation")[0];
if (arrival && arrival.type === "back_forward") cameBack();
watcher.start();
if (canJoin) goIn();
