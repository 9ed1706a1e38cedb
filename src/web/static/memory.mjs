// What one tab remembers about its visit across reloads and "back". Storage may be forbidden; then nothing is remembered.

/** @param {string} ticket part of the key, because frames of one health record share their storage */
export function memory(ticket) {
  const key = `vestibule-joined-${ticket}`;
  return {
    markJoined() {
      try {
        sessionStorage.setItem(key, "yes");
      } catch {
        // Without storage a person who comes back is sent in once more, which is harmless.
      }
    },
    hasJoined() {
      try {
        return sessionStorage.getItem(key) === "yes";
      } catch {
        return false;
      }
    },
    forget() {
      try {
        sessionStorage.removeItem(key);
      } catch {
        // Nothing was kept.
      }
    },
  };
}
