// Adds the reader's own time beside the UTC time of each record.

import { localDateTime, zoneName } from "./times.mjs";

for (const cell of document.querySelectorAll("[data-local]")) {
  cell.textContent = localDateTime(cell.dataset.local);
}
for (const heading of document.querySelectorAll("th.local-only")) {
  heading.textContent = `Local time (${zoneName()})`;
}
document.documentElement.dataset.enhanced = "true";
