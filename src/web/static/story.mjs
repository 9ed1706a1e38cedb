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
    // Of a store that does not answer the banner tells.
    if (status >= 500) return;
    if (status !== 200 || !page?.getElementById("visit")) return tell(words.gone);
    tell(renew(visit, page, ["state", "acts", "timeline"]) ? words.changed : "");
  } catch {
    // The connection's light says so already.
  }
}, EVERY);

function tell(text) {
  if (changed.textContent !== text) changed.textContent = text;
  changed.hidden = text === "";
}

const { link } = follow(visit, {
  onVisits: () => renewal.soon(),
  onPaused: () => renewal.soon(),
  onLink: () => showLink(link),
});
renewal.soon();
// What came of a button is told once, and not again when the page is loaded anew.
const here = new URL(location);
// The answer to a form that was not taken stands at the form's address: from here on it is the page at its own.
if (visit.dataset.page) here.pathname = visit.dataset.page;
here.searchParams.delete("note");
history.replaceState(null, "", here);
