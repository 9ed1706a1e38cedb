// Tells whoever reads a list that there is more of it by now. It takes nothing away from them: they may have opened something in it.

import { ask, Renewal } from "./parts.mjs";

const EVERY = 15_000;

const notice = document.getElementById("newer");
const found = (page) => page?.querySelector('[data-part="found"]');
const shown = found(document)?.cloneNode(true);

if (notice && shown) {
  const renewal = new Renewal(async () => {
    try {
      const { status, page } = await ask(location.pathname + location.search);
      const now = found(page);
      if (status !== 200 || !now || shown.isEqualNode(now)) return;
      notice.hidden = false;
      renewal.stop();
    } catch {
      // The next look may be answered.
    }
  }, EVERY);
  renewal.soon();
}
