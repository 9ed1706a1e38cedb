// The messages on a guest's phone, each with its link to open.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const LOOK_EVERY_MS = 1000;
  const shown = new Set();

  // A link is what begins like one; everything else stays text.
  function parts(text) {
    return text.split(/(https?:\/\/\S+)/).map((part) => {
      if (!/^https?:\/\//.test(part)) return part;
      return Object.assign(document.createElement("a"), { href: part, target: "_blank", rel: "noopener", textContent: part });
    });
  }

  function show({ id, to, text }) {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("p"), { className: "quiet", textContent: `To ${to}` }));
    const words = document.createElement("p");
    words.append(...parts(text));
    item.append(words);
    byId("messages").prepend(item);
    shown.add(id);
  }

  async function look() {
    try {
      const { messages } = await (await fetch("/demo/api/sms/messages")).json();
      for (const message of messages) if (!shown.has(message.id)) show(message);
      byId("none").hidden = shown.size > 0;
      byId("problem").hidden = true;
    } catch (error) {
      byId("problem").textContent = "The demo does not answer; it may have been ended.";
      byId("problem").hidden = false;
    }
  }

  look();
  setInterval(look, LOOK_EVERY_MS);
})();
