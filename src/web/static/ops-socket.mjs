// The board's websocket: comes back by itself after growing pauses, and says when it has been silent.

import { backoff } from "./backoff.mjs";

/** A connection that is not open by then is given up and tried anew. */
const OPEN_WITHIN = 10_000;

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

  function open() {
    clearTimeout(retryTimer);
    const opened = new WebSocket(address);
    let speaks = false;
    socket = opened;
    openTimer = setTimeout(() => opened.close(), OPEN_WITHIN);
    opened.addEventListener("open", () => {
      clearTimeout(openTimer);
    });
    opened.addEventListener("message", (event) => {
      if (socket !== opened) return;
      const message = parse(event.data);
      if (message === null) return;
      if (!speaks) {
        speaks = true;
        pause.reset();
        onOpen();
      }
      onMessage(message);
    });
    opened.addEventListener("close", (event) => {
      clearTimeout(openTimer);
      if (socket !== opened) return;
      socket = null;
      onLost(event.code);
      retryTimer = setTimeout(open, Math.max(pause.next(), leastPause()));
    });
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
