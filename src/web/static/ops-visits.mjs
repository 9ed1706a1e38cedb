// The visits that the board knows. Every message is a whole visit, so the newest alone counts and a gap is harmless.

/** Phases in the order of a visit's life. */
export const PHASES = ["scheduled", "waiting_for_host", "in_progress", "ended"];

/** The identity of a visit: its organization and its CSN, or the conference id of a group visit. */
export function keyOf({ organization, csn, conference_id: conference }) {
  return csn === null || csn === undefined ? `${organization}\u0000g\u0000${conference}` : `${organization}\u0000v\u0000${csn}`;
}

/** A visit is kept for hours after its last change before it leaves, so what changed so much later is another one under the same key. */
const ANOTHER_AFTER = 3_600_000;

/**
 * Whether `one` is older than `other`: first the owner's epoch counts, then the version. The versions of a visit that left and came back
 * while nobody told this page count from one again.
 */
export function isOlder(one, other) {
  if (Date.parse(one.updated_at) - Date.parse(other.updated_at) > ANOTHER_AFTER) return false;
  const epochs = (one.owner?.epoch ?? 0) - (other.owner?.epoch ?? 0);
  return epochs !== 0 ? epochs < 0 : one.version < other.version;
}

export class Visits {
  #visits = new Map();

  get size() {
    return this.#visits.size;
  }

  all() {
    return this.#visits.values();
  }

  get(key) {
    return this.#visits.get(key);
  }

  /**
   * Takes a message of the stream. Returns whether anything changed.
   * A snapshot of a node that lags behind never puts a visit back to an older state.
   */
  take(message) {
    switch (message?.type) {
      case "snapshot":
        return this.#replace(Array.isArray(message.visits) ? message.visits : []);
      case "visit":
        return this.#put(message.visit);
      case "gone":
        return this.#visits.delete(keyOf(message));
      default:
        // A later release may say more than this page knows.
        return false;
    }
  }

  #put(visit) {
    if (!isVisit(visit)) return false;
    const key = keyOf(visit);
    const known = this.#visits.get(key);
    if (known && isOlder(visit, known)) return false;
    this.#visits.set(key, visit);
    return true;
  }

  #replace(visits) {
    const before = this.#visits;
    this.#visits = new Map();
    for (const visit of visits) {
      if (!isVisit(visit)) continue;
      const key = keyOf(visit);
      const known = before.get(key);
      this.#visits.set(key, known && isOlder(visit, known) ? known : visit);
    }
    return true;
  }

  organizations() {
    return [...new Set(Array.from(this.#visits.values(), (visit) => visit.organization))].sort();
  }

  /** How many visits stand in each phase, in all, and with problems. */
  counts() {
    const counts = { all: 0, problems: 0 };
    for (const phase of PHASES) counts[phase] = 0;
    for (const visit of this.#visits.values()) {
      counts.all += 1;
      if (visit.phase in counts) counts[visit.phase] += 1;
      if (visit.problems?.length > 0) counts.problems += 1;
    }
    return counts;
  }

  /** The visits that a filter lets through, in the chosen order. */
  select({ organization = "", phase = "", text = "", problems = false, order = "visit" }) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = Array.from(this.#visits.values()).filter(
      (visit) =>
        (organization === "" || visit.organization === organization) &&
        (phase === "" || visit.phase === phase) &&
        (!problems || visit.problems?.length > 0) &&
        (words.length === 0 || matches(visit, words)),
    );
    return chosen.sort(order === "changed" ? byChange : byVisit);
  }
}

function isVisit(visit) {
  return (
    visit !== null &&
    typeof visit === "object" &&
    typeof visit.organization === "string" &&
    typeof visit.phase === "string" &&
    typeof visit.version === "number"
  );
}

function matches(visit, words) {
  const text = [
    visit.organization,
    visit.csn,
    visit.conference_id,
    visit.phase,
    visit.admittance,
    visit.meeting?.id,
    visit.owner?.node,
    ...(visit.participants ?? []).flatMap((person) => [person.role, person.csn, person.external_id, person.presence]),
    ...(visit.problems ?? []).flatMap((problem) => [problem.code, problem.message]),
  ]
    .filter((part) => part !== null && part !== undefined)
    .join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function byVisit(one, other) {
  return (
    compare(one.organization, other.organization) ||
    compare(String(one.csn ?? one.conference_id), String(other.csn ?? other.conference_id))
  );
}

function byChange(one, other) {
  return compare(other.updated_at ?? "", one.updated_at ?? "") || byVisit(one, other);
}

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
