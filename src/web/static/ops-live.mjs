// Follows the stream for a page: keeps the newest of each visit, and what is known of the connection.

import { Link } from "./ops-link.mjs";
import { openStream } from "./ops-socket.mjs";
import { Visits } from "./ops-visits.mjs";

/**
 * @param {HTMLElement} board names the stream, and an address that says whether somebody is signed in
 * @param {object} port
 * @param {() => void} port.onVisits something about visits may be to be drawn anew
 * @param {() => void} port.onLink the same of the connection
 * @param {(organizations: object[]) => void} [port.onPaused] of these Epic is told nothing; only those that are paused are told of
 */
export function follow(board, { onVisits, onLink, onPaused = () => {} }) {
  const visits = new Visits();
  const link = new Link();

  async function askWhetherSignedIn() {
    try {
      const answer = await fetch(board.dataset.probe, { method: "GET", cache: "no-store" });
      link.signedIn(answer.status !== 401 && answer.status !== 403);
      onLink();
    } catch {
      // The service is not reachable at all; the page says so already.
    }
  }

  const address = new URL(board.dataset.stream, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const stream = openStream({
    address: address.href,
    onOpen() {
      link.opened();
      onPaused([]);
      onLink();
    },
    onMessage(message) {
      link.heard(message, new Date());
      if (message.type === "paused") onPaused(message.organizations);
      const changed = visits.take(message);
      if (changed || message.type === "store") onVisits();
      onLink();
    },
    onLost(code) {
      link.lost();
      if (link.asks(code)) askWhetherSignedIn();
      onLink();
      onVisits();
    },
    leastPause: () => link.leastPause,
  });

  window.addEventListener("online", () => stream.tryNow());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) stream.tryNow();
  });
  return { visits, link };
}
