// Keeps a list as it is by now. Where no answer comes it stands as it was, under the time at which it was so.

import { ask, Renewal, renew } from "./parts.mjs";

/** All visits of the store are read for it. */
const EVERY = 30_000;

const list = document.getElementById("main");
const renewal = new Renewal(async () => {
  try {
    const { status, page } = await ask(location.pathname + location.search);
    // Where the sign-in has ended another page comes, and the list is worth more than that.
    if (status === 200 && page?.querySelector('[data-part="visits"]')) renew(list, page, ["heading", "as-of", "visits"]);
  } catch {
    // The next look may be answered.
  }
}, EVERY);
renewal.soon();
