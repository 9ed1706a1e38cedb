// The board's websocket: comes back by itself after growing pauses, and says when it has been silent.

import { backoff } from "./backoff.mjs";

/** A connection that is not open by then is given up and tried anew. */
const OPEN_WITHIN = 10_000;

/**
 * @param {object} port
 * @param {string} port.address ws(s) address of the stream
 * @param {(message: unknown) => void} port.onMessage
 * @param {() => void} port.onOpen
 * @param {(failures: number) => void} port.onLost
 */
export function openStream({ address, onMessage, onOpen, onLost }) {
  const pause = backoff({ first: 500, most: 15_000 });
  let socket = null;
  let openTimer = null;
  let retryTimer = null;

  function open() {
    clearTimeout(retryTimer);
    const opened = new WebSocket(address);
    socket = opened;
    openTimer = setTimeout(() => opened.close(), OPEN_WITHIN);
    opened.addEventListener("open", () => {
      clearTimeout(openTimer);
    });
    opened.addEventListener("message", (event) => {
      if (socket !== opened) return;
      const message = parse(event.data);
      if (message === null) return;
      if (message.type === "snapshot") {
        pause.reset();
        onOpen();
      }
      onMessage(message);
    });
    opened.addEventListener("close", () => {
      clearTimeout(openTimer);
      if (socket !== opened) return;
      socket = null;
      const wait = pause.next();
      onLost(pause.failures);
      retryTimer = setTimeout(open, wait);
    });
  }

  open();
  return {
    /** The computer woke up or the network came back. */
    tryNow() {
      if (socket === null) open();
    },
  };
}

function parse(data) {
  if (typeof data !== "string") return null;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
