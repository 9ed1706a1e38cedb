// News of one visit: server-sent events where they work, polling where they do not, and a look of its own at all times.
//
// The events are the fast way. Whatever they do, the state is also fetched now and then: that alone tells the service that the
// page is still open, and finds out when a phone that slept holds a connection that is dead without knowing it.

import { backoff } from "./backoff.mjs";

/** While events flow, the state is looked at this often: the service counts on a sign every 30 s. */
const SIGN_EVERY = 25_000;
/** Without events, this often. */
const POLL_EVERY = 2_000;
/** A request that has no answer by then has failed. */
const ANSWER_WITHIN = 10_000;
/** No news for this long is worth a quiet line on the page. */
const TROUBLE_AFTER = 6_000;
/** Answers that say that the ticket is no longer known; no try will change that. */
const FINAL = new Set([400, 401, 403, 404, 410]);

/**
 * @param {object} port everything outside: addresses, what to call, and the browser's own tools
 * @param {string} port.events address of the server-sent events
 * @param {string} port.state address of the state as JSON
 * @param {(state: {phase: string, can_join: boolean, message: string}) => void} port.onState
 * @param {(inTrouble: boolean) => void} port.onTrouble
 * @param {() => void} port.onGone the ticket is no longer known
 */
export function watchVisit(port) {
  const { EventSource, fetch, setTimeout, clearTimeout, now } = port;
  const sourcePause = backoff({ first: 1_000, most: 30_000, random: port.random });
  const pollPause = backoff({ first: POLL_EVERY, most: 15_000, random: port.random });
  let source = null;
  /** The open source has brought news; until then a proxy may be holding the events back. */
  let sourceLive = false;
  let sourceTimer = null;
  let pollTimer = null;
  let polling = null;
  let last = "";
  let lastNews = now();
  let failingSince = null;
  let stopped = false;

  function heard(state) {
    last = JSON.stringify(state);
    lastNews = now();
    failingSince = null;
    pollPause.reset();
    port.onTrouble(false);
    port.onState(state);
  }

  function openSource() {
    clearTimeout(sourceTimer);
    closeSource();
    if (stopped || !EventSource) return;
    const opened = new EventSource(port.events);
    source = opened;
    opened.addEventListener("visit", (event) => {
      const state = parse(event.data);
      if (source !== opened || !isState(state)) return;
      if (!sourceLive) {
        sourceLive = true;
        sourcePause.reset();
        schedulePoll(SIGN_EVERY);
      }
      heard(state);
    });
    opened.addEventListener("error", () => {
      if (source !== opened) return;
      // The browser would try again at a pace of its own; this page keeps its own pace and polls meanwhile.
      closeSource();
      sourceTimer = setTimeout(openSource, sourcePause.next());
      schedulePoll(0);
    });
  }

  function closeSource() {
    if (source) source.close();
    source = null;
    sourceLive = false;
  }

  function schedulePoll(pause) {
    clearTimeout(pollTimer);
    if (!stopped) pollTimer = setTimeout(poll, pause);
  }

  async function poll() {
    if (stopped || polling) return;
    const mine = new AbortController();
    const limit = setTimeout(() => mine.abort(), ANSWER_WITHIN);
    const begun = now();
    polling = mine;
    const outcome = await ask(mine.signal);
    clearTimeout(limit);
    // Another look has begun meanwhile; this one's answer is of no use any more.
    if (stopped || polling !== mine) return;
    polling = null;
    if (outcome.gone) {
      stop();
      port.onGone();
    } else if (outcome.state) {
      // An event that came while this answer was on its way is newer than the answer.
      if (lastNews <= begun) takeAnswer(outcome.state);
      // The sign was given when the question left, however long its answer took.
      schedulePoll(sourceLive ? SIGN_EVERY - (now() - begun) : jittered(POLL_EVERY));
    } else {
      failingSince ??= begun;
      if (now() - failingSince >= TROUBLE_AFTER) port.onTrouble(true);
      schedulePoll(Math.max(outcome.pause, pollPause.next()));
    }
  }

  /** Events that should have told this and did not come: their connection is dead. */
  function takeAnswer(state) {
    const missed = sourceLive && JSON.stringify(state) !== last;
    heard(state);
    if (missed) openSource();
  }

  /** One request: the state, or that the ticket is gone, or a failure with the pause that the service asks for. */
  async function ask(signal) {
    try {
      const answer = await fetch(port.state, {
        cache: "no-store",
        credentials: "same-origin",
        headers: { accept: "application/json" },
        signal,
      });
      if (FINAL.has(answer.status)) return { gone: true };
      if (!answer.ok) return { pause: retryAfter(answer) };
      const state = await answer.json();
      return isState(state) ? { state } : { pause: 0 };
    } catch {
      return { pause: 0 };
    }
  }

  function jittered(pause) {
    return Math.round(pause * (0.85 + 0.3 * (port.random ?? Math.random)()));
  }

  /** The page is being left: whatever it still asked would tell the service that somebody is on it. */
  function pause() {
    clearTimeout(sourceTimer);
    clearTimeout(pollTimer);
    polling?.abort();
    polling = null;
    closeSource();
  }

  function stop() {
    stopped = true;
    pause();
  }

  return {
    pause,
    start() {
      stopped = false;
      openSource();
      schedulePoll(jittered(POLL_EVERY));
    },
    /** The phone woke up, the network came back or a pause is over: look at once, on fresh connections. */
    lookAgain() {
      if (stopped) return;
      sourcePause.reset();
      pollPause.reset();
      polling?.abort();
      polling = null;
      openSource();
      schedulePoll(0);
    },
    stop,
  };
}

function isState(state) {
  return (
    state !== null &&
    typeof state === "object" &&
    typeof state.phase === "string" &&
    typeof state.can_join === "boolean" &&
    typeof state.message === "string"
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `Retry-After` in seconds, as milliseconds, a minute at most. */
function retryAfter(answer) {
  const seconds = Number(answer.headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1_000 : 0;
}
