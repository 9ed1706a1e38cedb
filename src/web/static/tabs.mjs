// Several tabs of one person: all wait, one goes in, the others say so.

/**
 * @param {string} group the same in every tab of one person in one visit
 * @param {() => void} onJoinedElsewhere another tab is going in
 */
export function tabs(group, onJoinedElsewhere) {
  const name = `vestibule-visit-${group}`;
  let channel = null;
  if (typeof BroadcastChannel === "function") {
    channel = new BroadcastChannel(name);
    channel.addEventListener("message", (event) => {
      if (event.data === "joining") onJoinedElsewhere();
    });
  }
  return {
    /** Calls `join` in the one tab that takes the turn. Where browsers know no locks, every tab takes it. */
    async takeTurn(join) {
      if (!navigator.locks) return join();
      try {
        await navigator.locks.request(name, { ifAvailable: true }, (lock) => {
          if (!lock) return undefined;
          channel?.postMessage("joining");
          join();
          // Held until the page is left, or until the join has plainly not happened.
          return new Promise((resolve) => setTimeout(resolve, 8_000));
        });
      } catch {
        join();
      }
    },
    announce() {
      channel?.postMessage("joining");
    },
  };
}
