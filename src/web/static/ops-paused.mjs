// Which organizations are told to be paused: a line for each above the table, for as long as it lasts.

import { fill } from "./fill.mjs";
import { actsButton, element } from "./ops-row.mjs";
import { localTime } from "./times.mjs";

/** What is said of one: who paused it, since when and why. Set as text, so that no reason can become markup. */
function pausedLine({ organization, by, reason, since }, words, mayAct) {
  const page = `/admin/${encodeURIComponent(organization)}?lang=${document.documentElement.lang}`;
  const told = `: ${fill(words.paused_by, by, localTime(since), reason)} `;
  const button = mayAct ? actsButton(page, words.resume, fill(words.resume_of, organization)) : null;
  return element("li", {}, element("a", { href: `${page}#notifier` }, organization), told, button);
}

/** Shows those that a message of the stream names, and nothing where there are none. */
export function showPaused(list, organizations, words, operated) {
  const known = Array.isArray(organizations) ? organizations : [];
  list.replaceChildren(...known.map((one) => pausedLine(one, words, operated.has(one.organization))));
  list.hidden = known.length === 0;
}
