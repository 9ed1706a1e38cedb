// Tells whoever reads a list that there is more of it by now. It takes nothing away from them: they may have opened something in it.

import { ask, Renewal } from "./parts.mjs";

const EVERY = 15_000;

const notice = document.getElementById("newer");
const newest = (page) => page.querySelector("table.records tbody a")?.getAttribute("href") ?? "";
const shown = newest(document);

if (notice) {
  const renewal = new Renewal(async () => {
    try {
      const { status, page } = await ask(location.pathname + location.search);
      if (status !== 200 || !page?.getElementById("newer") || newest(page) === shown) return;
      notice.hidden = false;
      renewal.stop();
    } catch {
      // The next look may be answered.
    }
  }, EVERY);
  renewal.soon();
}
