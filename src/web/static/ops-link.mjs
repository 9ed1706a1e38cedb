// What the board knows of its own connection, and what it therefore has to say above the table.

/** After so many failures in a row the page asks whether it is still signed in, and at each one from then on. */
const ASK_AFTER = 2;
/** The service closes with this code when the sign-in has ended. */
const SIGN_IN_ENDED = 1008;
/** Who is signed out is not let in however often they try. */
const SIGNED_OUT_PAUSE = 60_000;

export class Link {
  #live = false;
  #failures = 0;
  #signedOut = false;
  #storeAnswers = true;
  /** When the state that is shown was the true one for the last time. */
  #asOf = null;
  #known = false;

  /** A connection is open. */
  opened() {
    this.#live = true;
    this.#failures = 0;
    this.#signedOut = false;
    this.#storeAnswers = true;
  }

  /** A message came. */
  heard(message, now) {
    if (message.type === "store") this.#storeAnswers = message.answers !== false;
    if (message.type === "snapshot") this.#known = true;
    if (this.#storeAnswers) this.#asOf = now;
  }

  lost() {
    this.#live = false;
    this.#failures += 1;
  }

  /** Whether to ask if the sign-in still stands, after a loss with this code. */
  asks(code) {
    return code === SIGN_IN_ENDED || this.#failures >= ASK_AFTER;
  }

  /** What came of asking. */
  signedIn(stands) {
    if (!this.#live) this.#signedOut = !stands;
  }

  /** The pause before the next try is at least this. */
  get leastPause() {
    return this.#signedOut ? SIGNED_OUT_PAUSE : 0;
  }

  /** What the small light says: `connecting`, `live`, `waiting`, `lost` or `signed-out`. */
  get state() {
    if (this.#live) return this.#storeAnswers ? "live" : "waiting";
    if (this.#signedOut) return "signed-out";
    return this.#failures > 0 ? "lost" : "connecting";
  }

  /** What stands above the table: nothing, or `signed-out`, `lost`, `unreachable` or `store`. */
  get trouble() {
    if (this.#live) return this.#storeAnswers ? null : "store";
    if (this.#signedOut) return "signed-out";
    if (this.#known) return this.#failures > 0 ? "lost" : null;
    return this.#failures >= ASK_AFTER ? "unreachable" : null;
  }

  /** Since when what is shown may be out of date; nothing where nothing is shown. */
  get asOf() {
    return this.#known ? this.#asOf : null;
  }

  /** Why a table without visits is empty: `none`, `away`, `loading` or `connecting`. */
  get emptiness() {
    if (this.#live && !this.#storeAnswers) return "away";
    if (this.#known) return "none";
    return this.#live ? "loading" : "connecting";
  }
}
