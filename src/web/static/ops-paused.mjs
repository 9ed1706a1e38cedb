// Which organizations are told to be paused: a line for each above the table, for as long as it lasts.

import { fill } from "./fill.mjs";
import { element } from "./ops-row.mjs";
import { localTime } from "./times.mjs";

/** What is said of one: who paused it, since when and why. Set as text, so that no reason can become markup. */
export function pausedLine({ organization, by, reason, since }, said) {
  const page = `/admin/${encodeURIComponent(organization)}#notifier`;
  return element(
    "li",
    {},
    element("a", { href: page }, organization),
    `: ${fill(said, by, localTime(since), reason)}`,
  );
}

/** Shows those that a message of the stream names, and nothing where there are none. */
export function showPaused(list, organizations, said) {
  const known = Array.isArray(organizations) ? organizations : [];
  list.replaceChildren(...known.map((one) => pausedLine(one, said)));
  list.hidden = known.length === 0;
}
