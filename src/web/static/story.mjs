// Keeps the page of a visit as it is by now: whenever the stream tells of the visit, and now and then for what no stream tells of (an attempt
// at Epic that failed, a link that ran out).

import { linkShown } from "./link-shown.mjs";
import { follow } from "./ops-live.mjs";
import { ask, Renewal, renew } from "./parts.mjs";

const EVERY = 15_000;

const visit = document.getElementById("visit");
const changed = document.getElementById("changed");
const words = JSON.parse(visit.dataset.words);
const showLink = linkShown({ words, signIn: visit.dataset.signIn });

const renewal = new Renewal(async () => {
  try {
    const { status, page } = await ask(location.pathname + location.search);
    if (status !== 200 || !page?.getElementById("visit")) return;
    const held = renew(visit, page, ["state", "acts", "timeline"]);
    changed.textContent = held ? words.changed : "";
    changed.hidden = !held;
  } catch {
    // The connection's light says so already.
  }
}, EVERY);

const { link } = follow(visit, {
  onVisits: () => renewal.soon(),
  onPaused: () => renewal.soon(),
  onLink: () => showLink(link),
});
renewal.soon();
