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
      if (isFilledIn(there)) held ||= !isRefused(there) || hasChanged(there, made);
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

/** Whether it shows a form that was not taken, as it was sent. */
function isRefused(part) {
  return part.querySelector("[aria-invalid]") !== null;
}

/** What stood in the place of a refused form at the first look: the form itself is no change. */
const atFirst = new WeakMap();

function hasChanged(part, made) {
  if (!atFirst.has(part)) atFirst.set(part, made);
  return !atFirst.get(part).isEqualNode(made);
}

function isFilledIn(part) {
  if (isRefused(part)) return true;
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

/** The focus goes to the same thing in the new part, told by what it is called and where it leads; where that has left, to the part itself. */
function replaceKeepingFocus(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(made);
  if (!focused) return;
  const name = nameOf(focused);
  const same = Array.from(made.querySelectorAll(FOCUSABLE)).find((one) => nameOf(one) === name);
  if (!same) made.tabIndex = -1;
  (same ?? made).focus({ preventScroll: true });
}

function nameOf(element) {
  const { localName, textContent, form } = element;
  const label = element.getAttribute("aria-label") ?? element.getAttribute("aria-labelledby") ?? textContent;
  return [localName, label, element.getAttribute("href"), form?.getAttribute("action"), form?.getAttribute("aria-label")].join("\u0000");
}

/** What happens together is seen by one look. */
const SOON = 300;
const BETWEEN = 1_500;

/** Looks again soon after something happened, never two looks at once, and now and then by itself while the page can be seen. */
export class Renewal {
  #look;
  #every;
  #timer = null;
  /** When the timer fires. */
  #at = Infinity;
  #notBefore = 0;
  #looking = false;
  #again = false;
  #stopped = true;

  /** @param {() => Promise<void>} look must not reject */
  constructor(look, every) {
    this.#look = look;
    this.#every = every;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !this.#stopped) this.soon();
    });
  }

  /** However often it is asked for, the look that is near already comes no later. */
  soon() {
    this.#stopped = false;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    const at = Math.max(performance.now() + SOON, this.#notBefore);
    if (at < this.#at) this.#set(at);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#stopped = true;
    this.#at = Infinity;
    this.#notBefore = 0;
    this.#again = false;
  }

  #set(at) {
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(() => this.#now(), at - performance.now());
  }

  async #now() {
    this.#at = Infinity;
    if (document.hidden) return;
    this.#looking = true;
    await this.#look();
    this.#looking = false;
    if (this.#stopped) return;
    this.#notBefore = performance.now() + BETWEEN;
    this.#set(this.#again ? this.#notBefore : performance.now() + this.#every);
    this.#again = false;
  }
}
