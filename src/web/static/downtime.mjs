// Keeps a list as it is by now. Where no answer comes it stands as it was, under the time at which it was so.

import { ask, Renewal, renew } from "./parts.mjs";

const EVERY = 15_000;

const list = document.getElementById("main");
const renewal = new Renewal(async () => {
  try {
    const { status, page } = await ask(location.pathname + location.search);
    if (status === 200 && page) renew(list, page, ["as-of", "visits"]);
  } catch {
    // The next look may be answered.
  }
}, EVERY);
renewal.soon();
