// What one tab remembers about its visit across reloads and "back". Storage may be forbidden; then nothing is remembered.

/** @param {string} ticket part of the keys, because frames of one health record share their storage */
export function memory(ticket) {
  const joined = `vestibule-joined-${ticket}`;
  const refused = `vestibule-refused-${ticket}`;
  return {
    markJoined() {
      write(joined, "yes");
    },
    hasJoined() {
      return read(joined) === "yes";
    },
    /** Counts a join that was answered "not any more"; returns how many there were in a row. */
    countRefusal() {
      const count = (Number(read(refused)) || 0) + 1;
      write(refused, String(count));
      write(joined, "");
      return count;
    },
    forget() {
      write(joined, "");
      write(refused, "");
    },
  };
}

function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Without storage a person who comes back is sent in once more, which is harmless.
  }
}
