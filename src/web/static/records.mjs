// Adds the reader's own time under the UTC time of each record.

import { localDateTime, zoneName } from "./times.mjs";

for (const place of document.querySelectorAll("[data-local]")) {
  place.textContent = localDateTime(place.dataset.local);
  place.title = `Your time zone: ${zoneName()}`;
}
