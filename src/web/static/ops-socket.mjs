// The board's websocket: comes back by itself after growing pauses, and says when it has been silent.

import { backoff } from "./backoff.mjs";

/** A connection that is not open by then is given up and tried anew. */
const OPEN_WITHIN = 10_000;
/** The service says something every 15 s; one that has been silent for so long is not there, whatever the connection says. */
const SILENT_FOR = 45_000;
/** What a connection that was given up is said to have been closed with. */
const GIVEN_UP = 1006;

/**
 * @param {object} port
 * @param {string} port.address ws(s) address of the stream
 * @param {(message: unknown) => void} port.onMessage
 * @param {() => void} port.onOpen the first message of a connection has come; it follows
 * @param {(code: number) => void} port.onLost
 * @param {() => number} port.leastPause asked before each try that nobody told it to make
 */
export function openStream({ address, onMessage, onOpen, onLost, leastPause }) {
  const pause = backoff({ first: 500, most: 15_000 });
  let socket = null;
  let openTimer = null;
  let retryTimer = null;
  let silenceTimer = null;

  function lost(opened, code) {
    if (socket !== opened) return;
    clearTimeout(openTimer);
    clearTimeout(silenceTimer);
    socket = null;
    onLost(code);
    retryTimer = setTimeout(open, Math.max(pause.next(), leastPause()));
  }

  /** A cable that was pulled closes nothing, and a close that is asked for waits for an answer over the same cable. */
  function watchSilence(opened) {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => {
      opened.close();
      lost(opened, GIVEN_UP);
    }, SILENT_FOR);
  }

  function open() {
    clearTimeout(retryTimer);
    const opened = new WebSocket(address);
    let speaks = false;
    socket = opened;
    openTimer = setTimeout(() => opened.close(), OPEN_WITHIN);
    opened.addEventListener("open", () => {
      clearTimeout(openTimer);
      if (socket === opened) watchSilence(opened);
    });
    opened.addEventListener("message", (event) => {
      if (socket !== opened) return;
      watchSilence(opened);
      const message = parse(event.data);
      if (message === null) return;
      if (!speaks) {
        speaks = true;
        pause.reset();
        onOpen();
      }
      onMessage(message);
    });
    opened.addEventListener("close", (event) => lost(opened, event.code));
  }

  open();
  return {
    /** The computer woke up, the network came back, or somebody looks at the page. */
    tryNow() {
      if (socket === null) open();
    },
  };
}

function parse(data) {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data);
    return typeof message === "object" ? message : null;
  } catch {
    return null;
  }
}
