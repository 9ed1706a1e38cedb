// What can be done to a visit or an organization, from the board: the forms of its own page, in a dialog. They are sent as from that page, and
// what came of it is told as there.

import { ask, filledIn, Renewal, renew } from "./parts.mjs";

const EVERY = 15_000;
const PARTS = ["state", "acts"];

export class Acts {
  #dialog = document.getElementById("acts");
  #title = document.getElementById("acts-title");
  #told = document.getElementById("acts-told");
  #parts = document.getElementById("acts-parts");
  #page = document.getElementById("acts-page");
  #words;
  /** Where the page is that is shown; none while the dialog is closed. */
  #address = null;
  #sending = false;
  /** What is told is about how things stand, and goes when they are well again; what came of a form stays. */
  #passing = false;
  #renewal = new Renewal(() => this.#look(), EVERY);

  constructor(words) {
    this.#words = words;
    document.addEventListener("click", (event) => {
      const opener = event.target.closest?.("button[data-page]");
      if (opener) this.#open(opener.dataset.page);
    });
    this.#dialog.addEventListener("submit", (event) => this.#submit(event));
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  /** Something happened to what this page is about, or to everything. */
  renew(page = this.#address) {
    if (this.#address !== null && page === this.#address) this.#renewal.soon();
  }

  #open(address) {
    this.#address = address;
    this.#page.href = address;
    this.#title.textContent = this.#words.loading;
    this.#tell("");
    this.#parts.replaceChildren();
    this.#dialog.showModal();
    this.#title.focus();
    this.#renewal.soon();
  }

  #closed() {
    // Rows are made anew, so what opened it is found again by its page.
    const opener = document.querySelector(`button[data-page="${CSS.escape(this.#address)}"]`);
    this.#address = null;
    this.#renewal.stop();
    opener?.focus();
  }

  async #look() {
    const asked = this.#address;
    if (asked === null || this.#sending) return;
    try {
      const answer = await ask(asked);
      if (this.#address === asked && !this.#sending) this.#show(answer);
    } catch {
      // The board's own banner says that the service cannot be reached; forms that stand already can be tried.
      if (this.#address === asked && this.#parts.childElementCount === 0) this.#tellInPassing(this.#words.unreachable);
    }
  }

  #show({ status, address, page }) {
    if (this.#isSignIn(address)) return;
    const heading = page?.querySelector("h1")?.textContent ?? this.#words.gone;
    this.#title.textContent = heading;
    if (status !== 200 || !page?.querySelector("[data-part]")) {
      this.#tellInPassing(this.#words.gone);
      return;
    }
    const held = renew(this.#parts, page, PARTS);
    this.#tellInPassing(held ? this.#words.changed : "");
  }

  async #submit(event) {
    const form = event.target;
    if (form.method === "dialog") return;
    event.preventDefault();
    if (this.#sending) return;
    const asked = this.#address;
    this.#sending = true;
    form.ariaBusy = "true";
    try {
      const answer = await ask(...filledIn(form, event.submitter));
      // Whoever has closed it, or opened it for something else, looks at that.
      if (this.#address === asked) this.#after(answer);
    } catch {
      if (this.#address === asked) this.#tell(this.#words.not_known);
    }
    form.ariaBusy = null;
    this.#sending = false;
    this.renew();
  }

  /** What came of a form: the page that it led to says it, and its forms are those of now; one that was not taken is among them as it was sent. */
  #after({ address, page }) {
    if (this.#isSignIn(address)) return;
    const note = page?.querySelector('[data-part="note"]');
    const told = note ? [note.textContent.trim()] : Array.from(page?.querySelectorAll("main :is(h1, p)") ?? [], ({ textContent }) => textContent);
    // Any other refusal leaves what was typed.
    if (note) {
      this.#parts.replaceChildren();
      renew(this.#parts, page, PARTS);
    }
    this.#tell(told.join(" ") || this.#words.gone);
    (note && this.#parts.querySelector("[aria-invalid]") || this.#title).focus();
  }

  /** Whose sign-in has ended is led to it, and back to the board. */
  #isSignIn(address) {
    if (address.pathname !== "/sign-in") return false;
    location.assign(document.getElementById("board").dataset.signIn);
    return true;
  }

  #tellInPassing(text) {
    if (!this.#passing && this.#told.textContent !== "") return;
    this.#tell(text);
    this.#passing = true;
  }

  #tell(text) {
    if (this.#told.textContent !== text) this.#told.replaceChildren(text);
    this.#told.hidden = text === "";
    this.#passing = text === "";
  }
}
