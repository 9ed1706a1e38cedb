// What a page that renews itself says of its connection: a small light, and a banner where what is shown may be out of date.

import { fill } from "./fill.mjs";
import { localTime } from "./times.mjs";

/** Shows a `Link`; the page has a light, its text and a banner under these ids. */
export function linkShown({ words, signIn }) {
  const light = document.getElementById("link");
  const text = document.getElementById("link-text");
  const banner = document.getElementById("banner");
  const states = {
    connecting: words.connecting,
    live: words.live,
    waiting: words.waiting_for_store,
    lost: words.reconnecting,
    "signed-out": words.signed_out,
  };
  light.hidden = false;
  return (link) => {
    light.dataset.state = link.state;
    text.textContent = states[link.state];
    const told = troubleWords(link, words, signIn);
    // What stands there already is not said again.
    if (banner.textContent !== told.map((part) => part.textContent ?? part).join("")) banner.replaceChildren(...told);
    banner.hidden = told.length === 0;
  };
}

/** What the banner says; no words, no banner. */
function troubleWords({ trouble, asOf }, words, signIn) {
  const at = asOf === null ? "" : localTime(asOf.toISOString());
  const since = asOf === null ? "" : ` ${fill(words.was_so, at)}`;
  switch (trouble) {
    case "signed-out": {
      const anchor = document.createElement("a");
      anchor.href = signIn;
      anchor.textContent = words.sign_in;
      return [`${words.not_signed_in} `, anchor, `.${since}`];
    }
    case "lost":
      return [fill(words.lost, at)];
    case "unreachable":
      return [words.unreachable];
    case "store":
      return [`${words.store_away}${since} ${words.goes_on}`];
    default:
      return [];
  }
}
