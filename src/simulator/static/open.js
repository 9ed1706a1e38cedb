// Leaves in this tab who launches which visit, for the demo's truth, and goes on to the launch.
"use strict";
(() => {
  const [, , , kind, csn, who] = location.pathname.split("/").map(decodeURIComponent);
  try {
    sessionStorage.setItem("launched", JSON.stringify({ csn, external_id: who }));
  } catch (error) {
    // Without storage the launch works all the same; the truth then does not know this person.
  }
  location.replace(`/demo/launch/${[kind, csn, who].map(encodeURIComponent).join("/")}`);
})();
