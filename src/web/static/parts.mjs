// Parts of one page of the service in another, or in a newer look of the same one: what differs is replaced, and nothing is taken from under
// the hand of somebody who is filling in a form.

/** A page that is not here by then is not waited for. */
const WITHIN = 20_000;

/**
 * Gets a page of the service, or sends a form and follows where it leads.
 * @returns {Promise<{status: number, address: URL, page: Document | null}>} rejected where no answer came
 */
export function ask(address, form) {
  // This reads a page as a document without ever making markup of text.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open(form ? "POST" : "GET", address);
    request.responseType = "document";
    request.timeout = WITHIN;
    request.setRequestHeader("Accept", "text/html");
    request.addEventListener("load", () =>
      resolve({ status: request.status, address: new URL(request.responseURL), page: request.response }),
    );
    for (const end of ["error", "timeout", "abort"]) request.addEventListener(end, () => reject(new Error(end)));
    request.send(form);
  });
}

/** What a form would send, by the button that was pressed. */
export function filledIn(form, submitter) {
  const address = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
  return [address, new URLSearchParams(new FormData(form, submitter))];
}

/**
 * Takes the parts of a page that are named, in their order.
 * @returns whether a part was left as it was since somebody is filling it in
 */
export function renew(into, page, names) {
  let held = false;
  let before = null;
  for (const name of names) {
    const made = page.querySelector(`[data-part="${name}"]`);
    const there = into.querySelector(`[data-part="${name}"]`);
    if (there && made && !there.isEqualNode(made)) {
      if (isFilledIn(there)) held = true;
      else replaceKeepingFocus(there, document.adoptNode(made));
    } else if (there && !made && !isFilledIn(there)) {
      there.remove();
    } else if (!there && made) {
      const part = document.adoptNode(made);
      if (before) before.after(part);
      else into.append(part);
    }
    before = into.querySelector(`[data-part="${name}"]`) ?? before;
  }
  return held;
}

function isFilledIn(part) {
  const focused = document.activeElement;
  if (part.contains(focused) && focused.matches("input, select, textarea")) return true;
  return Array.from(part.querySelectorAll("form")).some((form) => Array.from(form.elements).some(isTouched));
}

function isTouched(control) {
  if (control.type === "hidden" || control instanceof HTMLButtonElement) return false;
  if (control.type === "checkbox") return control.checked !== control.defaultChecked;
  if (control instanceof HTMLSelectElement) {
    const chosen = Array.from(control.options).findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(chosen, 0);
  }
  return control.value !== control.defaultValue;
}

const FOCUSABLE = "a[href], button, summary, [tabindex]";

function replaceKeepingFocus(old, made) {
  const place = Array.from(old.querySelectorAll(FOCUSABLE)).indexOf(document.activeElement);
  old.replaceWith(made);
  if (place >= 0) made.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
}

/** Looks again soon after something happened, never two looks at once, and now and then by itself while the page can be seen. */
export class Renewal {
  #look;
  #every;
  #timer = null;
  #looking = false;
  #again = false;

  /** @param {() => Promise<void>} look must not reject */
  constructor(look, every) {
    this.#look = look;
    this.#every = every;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer !== null) this.soon();
    });
  }

  soon() {
    if (this.#looking) this.#again = true;
    else this.#in(SOON);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#again = false;
  }

  #in(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#now(), pause);
  }

  async #now() {
    if (document.hidden) return;
    this.#looking = true;
    await this.#look();
    this.#looking = false;
    // Stopped meanwhile; and where somebody asked again since, it is about something else.
    const stopped = this.#timer === null;
    if (this.#again) this.#in(stopped ? SOON : BETWEEN);
    else if (!stopped) this.#in(this.#every);
    this.#again = false;
  }
}

/** What happens together is seen by one look. */
const SOON = 300;
const BETWEEN = 1_500;
