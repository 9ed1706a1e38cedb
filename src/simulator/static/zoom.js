// The fake Zoom client: takes a seat with the link in the address bar, shows who is there, and does what the buttons say.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const LOOK_EVERY_MS = 500;
  let seat = null;

  async function call(method, path, body) {
    const options = { method, headers: { accept: "application/json" } };
    if (body !== undefined) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const response = await fetch(path, options);
    const text = await response.text();
    const answer = text === "" ? {} : JSON.parse(text);
    if (!response.ok) throw new Error(answer.error || `status ${response.status}`);
    return answer;
  }

  function show(id, shown) {
    byId(id).hidden = !shown;
  }

  function problem(text) {
    byId("problem").textContent = text;
    show("problem", text !== "");
  }

  function say(text) {
    if (byId("state").textContent !== text) byId("state").textContent = text;
  }

  async function act(order) {
    problem("");
    try {
      await call("POST", `/zoom/client/seats/${seat}`, order);
    } catch (error) {
      problem(error.message);
    }
    await look();
  }

  const WHY_GONE = {
    left: "You left the meeting.",
    refused: "The host removed you from the waiting room.",
    crashed: "This device crashed. Zoom has noticed.",
    meeting_ended: "The meeting has ended.",
  };

  function describe(me) {
    if (me.crashed) return "This device is dead. Zoom has not noticed yet.";
    switch (me.presence) {
      case "waiting_for_host": return "Waiting for the host to start this meeting.";
      case "in_waiting_room": return "Please wait, the host will let you in soon.";
      case "in_meeting": return me.role === "attendee" ? "You are in the meeting." : `You are in the meeting as ${me.role}.`;
      default: return WHY_GONE[me.why_gone] || "You are not in the meeting.";
    }
  }

  function button(label, name, order, looks = "") {
    const made = document.createElement("button");
    made.type = "button";
    made.className = looks;
    made.textContent = label;
    made.setAttribute("aria-label", `${label} ${name}`);
    made.addEventListener("click", () => act(order));
    return made;
  }

  // Rebuilt only when it changed, so that focus is not lost while somebody tabs through it.
  function list(id, people, orders) {
    const target = byId(id);
    const key = JSON.stringify(people.map((one) => [one.seat, one.name, one.role, one.crashed]));
    if (target.dataset.key === key) return;
    target.dataset.key = key;
    target.replaceChildren(...people.map((one) => {
      const row = document.createElement("li");
      const name = document.createElement("span");
      name.textContent = one.role === "attendee" ? one.name : `${one.name} (${one.role})`;
      row.append(name, ...orders(one));
      return row;
    }));
  }

  function paint({ me, room }) {
    const here = me.presence !== "gone";
    const host = me.presence === "in_meeting" && me.role !== "attendee";
    say(describe(me));
    document.title = me.presence === "in_meeting" ? "In the meeting – Zoom (fake)" : "Zoom (fake)";
    show("controls", here && !me.crashed);
    show("end", host && me.role === "host");
    show("join", !here);
    const waiting = room.filter((one) => one.presence === "in_waiting_room");
    const inside = room.filter((one) => one.presence === "in_meeting");
    show("waiting", host && waiting.length > 0);
    show("room", me.presence === "in_meeting");
    list("waiting-list", waiting, (one) => host
      ? [button("Admit", one.name, { act: "admit", whom: one.seat }), button("Remove", one.name, { act: "refuse", whom: one.seat }, "plain")]
      : []);
    list("room-list", inside, (one) => host && one.seat !== me.seat && one.role === "attendee"
      ? [button("Send back", one.name, { act: "put_back", whom: one.seat }, "plain")]
      : []);
  }

  async function look() {
    if (seat === null) return;
    try {
      paint(await call("GET", `/zoom/client/seats/${seat}`));
    } catch (error) {
      problem(error.message);
    }
  }

  // The launch page of the demo leaves in this tab who launched, so that the demo's truth knows whose seat this is.
  function who() {
    try {
      return JSON.parse(sessionStorage.getItem("launched") || "{}");
    } catch (error) {
      return {};
    }
  }

  async function join() {
    problem("");
    try {
      const link = { url: location.href, name: "Guest", ...who() };
      seat = (await call("POST", "/zoom/client/seats", link)).seat;
      await look();
    } catch (error) {
      say("Zoom did not let you in.");
      problem(error.message);
      show("join", true);
    }
  }

  byId("leave").addEventListener("click", () => act({ act: "leave" }));
  byId("crash").addEventListener("click", () => act({ act: "crash" }));
  byId("end").addEventListener("click", () => act({ act: "end_for_all" }));
  byId("join").addEventListener("click", join);
  join();
  setInterval(look, LOOK_EVERY_MS);
})();
