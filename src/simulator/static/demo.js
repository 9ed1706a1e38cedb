// The demo page: a schedule beside MyChart, their lights, and the switches.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const LOOK_EVERY_MS = 1000;
  /** Lights of a busy morning that are shown; a page of thousands would show nothing. */
  const MOST_CHIPS = 300;
  const rows = new Map();
  const chips = new Map();

  async function call(method, path, body) {
    const options = { method, headers: { accept: "application/json" } };
    if (body !== undefined) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const response = await fetch(path, options);
    const text = await response.text();
    let answer = {};
    try {
      answer = text === "" ? {} : JSON.parse(text);
    } catch (error) {
      answer = { error: text };
    }
    if (!response.ok) throw new Error(answer.error || `The fakes answered ${response.status}.`);
    return answer;
  }

  function problem(text) {
    byId("problem").textContent = text;
    byId("problem").hidden = text === "";
  }

  // What somebody asked for went wrong, and stays to be read until the next order works.
  async function attempt(work) {
    try {
      await work();
      problem("");
    } catch (error) {
      problem(error.message);
    }
  }

  function make(tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  const PRESENCE = {
    gone: "not in Zoom",
    crashed: "phone dead, Zoom has not noticed",
    waiting_for_host: "waits for the host in Zoom",
    in_waiting_room: "in Zoom’s waiting room",
    in_meeting: "in the meeting",
  };

  function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function light(on, text) {
    const node = make("span", { className: "light", textContent: text });
    node.dataset.on = String(on);
    return node;
  }

  function setLight(node, on, text) {
    node.dataset.on = String(on);
    setText(node, text);
  }

  function launchLink(label, person, visit) {
    return make("a", {
      className: "button",
      href: person.open,
      target: "_blank",
      rel: "noopener",
      textContent: label,
      ariaLabel: `${label}: ${visit.patient.name}, visit ${visit.csn}, as ${person.name}`,
    });
  }

  function toolsLink(person, visit) {
    return make("a", {
      href: visit.tools + encodeURIComponent(person.external_id),
      target: "_blank",
      rel: "noopener",
      textContent: "Visit tools",
      ariaLabel: `Visit tools: ${visit.patient.name}, visit ${visit.csn}, as ${person.name}`,
    });
  }

  function time(visit) {
    return visit.time.replace(/^\S+ 0?/, "");
  }

  // One visit in the schedule: its light, and each provider's own.
  function scheduleRow(visit) {
    const green = light(false, "");
    const people = visit.providers.map((provider) => {
      const own = light(false, "");
      own.id = `light-${visit.csn}-${provider.external_id}`;
      const row = make("li", {}, make("span", { textContent: provider.name }), own, launchLink("Start video visit", provider, visit), toolsLink(provider, visit));
      return { own, row, id: provider.external_id };
    });
    green.id = `light-${visit.csn}`;
    const title = `${time(visit)} ${visit.patient.name}`;
    const csn = make("span", { className: "quiet", textContent: `CSN ${visit.csn}, born ${visit.born}` });
    const node = make("article", { className: "visit" }, make("h3", { textContent: title }),
      make("p", { className: "facts" }, csn, green), make("ul", { className: "people" }, ...people.map((one) => one.row)));
    byId("schedule").append(node);
    return (fresh) => {
      setLight(green, fresh.green, fresh.green ? "Patient connected" : "Patient not connected");
      for (const one of people) {
        const provider = fresh.providers.find((candidate) => candidate.external_id === one.id);
        if (provider) setLight(one.own, provider.connected, provider.connected ? "connected" : "not connected");
      }
    };
  }

  async function crash(visit, person) {
    await attempt(() => call("POST", "/demo/api/people/crash", { csn: visit.csn, external_id: person.external_id }));
  }

  // One visit in MyChart: the patient and whoever may act for them.
  function myChartRow(visit) {
    const people = [visit.patient, ...visit.proxies].map((person) => {
      const where = make("span", { className: "quiet" });
      const dead = make("button", { type: "button", className: "plain", textContent: "Crash the phone", ariaLabel: `Crash the phone of ${person.name}` });
      dead.addEventListener("click", () => crash(visit, person));
      const name = person === visit.patient ? person.name : `${person.name} (for ${visit.patient.name})`;
      const row = make("li", {}, make("span", { textContent: name }), where, launchLink("Join video visit", person, visit));
      if (person.test) row.append(launchLink("Test your device", { ...person, open: person.test }, visit));
      row.append(dead);
      return { where, dead, row, id: person.external_id };
    });
    const node = make("article", { className: "visit" }, make("h3", { textContent: `${time(visit)} Video visit with ${visit.providers[0].name}` }),
      make("ul", { className: "people" }, ...people.map((one) => one.row)));
    byId("mychart").append(node);
    return (fresh) => {
      for (const one of people) {
        const person = [fresh.patient, ...fresh.proxies].find((candidate) => candidate.external_id === one.id);
        if (!person) continue;
        setText(one.where, PRESENCE[person.crashed ? "crashed" : person.presence] || "");
        one.dead.hidden = person.presence === "gone" || person.crashed;
      }
    };
  }

  function chip(visit) {
    const shown = light(false, visit.csn);
    const words = make("span", { className: "hidden-words" });
    byId("morning-visits").append(make("li", {}, shown, words));
    return (fresh) => {
      shown.dataset.on = String(fresh.green);
      setText(words, fresh.green ? " connected" : " not connected");
    };
  }

  function paint({ service_url: service, visits }) {
    byId("ops").href = `${service}/ops`;
    byId("records").href = `${service}/records`;
    for (const visit of visits) {
      // The service launches no group visits.
      if (visit.group) continue;
      if (visit.of_morning) {
        if (!chips.has(visit.csn) && chips.size < MOST_CHIPS) chips.set(visit.csn, chip(visit));
        chips.get(visit.csn)?.(visit);
      } else {
        if (!rows.has(visit.csn)) rows.set(visit.csn, [scheduleRow(visit), myChartRow(visit)]);
        for (const update of rows.get(visit.csn)) update(visit);
      }
    }
  }

  let unreachable = false;

  async function look() {
    try {
      paint(await call("GET", "/demo/api/day"));
      setText(byId("morning-state"), (await call("GET", "/demo/api/people/morning")).text);
      if (unreachable) problem("");
      unreachable = false;
    } catch (error) {
      unreachable = true;
      problem("The demo does not answer; it may have been ended.");
    }
  }

  const EPIC_FAULTS = {
    status: { kind: "status", status: 500 },
    slow: { kind: "slow", millis: 4000 },
    too_many: { kind: "too_many", retry_after: 5 },
    lock_failed: { kind: "lock_failed" },
    done_then_drop: { kind: "done_then_drop" },
    hang: { kind: "hang" },
  };

  byId("epic-fault").addEventListener("change", ({ target: { value } }) => attempt(async () => {
    await call("DELETE", "/demo/api/epic/faults");
    const fault = EPIC_FAULTS[value];
    if (fault) await call("POST", "/demo/api/epic/faults", { call: "status", ...fault });
  }));

  const SMS_FAULTS = {
    refuses: { kind: "status", status: 400 },
    slow: { kind: "slow", millis: 4000 },
    done_then_hang: { kind: "done_then_hang" },
  };

  byId("sms-fault").addEventListener("change", ({ target: { value } }) => attempt(async () => {
    await call("DELETE", "/demo/api/sms/faults");
    const fault = SMS_FAULTS[value];
    if (fault) await call("POST", "/demo/api/sms/faults", fault);
  }));

  const SWITCHES = {
    duplicate: { duplicate: 1 },
    reorder: { reorder: 0.7, reorder_millis: 4000 },
    delay: { delay_millis: 3000 },
    "some-lost": { lose: 0.25 },
    "all-lost": { lose_events: ["*"] },
    ties: { ties: 1 },
  };

  function weather() {
    const on = Object.entries(SWITCHES).filter(([id]) => byId(id).checked);
    return Object.assign({}, ...on.map(([, part]) => part));
  }

  for (const id of Object.keys(SWITCHES)) {
    byId(id).addEventListener("change", () => attempt(() => call("PUT", "/demo/api/zoom/weather", weather())));
  }

  byId("zak-on-join").addEventListener("change", ({ target: { value } }) => attempt(async () => {
    const settings = await call("GET", "/demo/api/zoom/settings");
    await call("PUT", "/demo/api/zoom/settings", { ...settings, zak_on_join: value });
  }));

  // What somebody switched before it is known what is on would be undone by that.
  function letSwitch(may) {
    for (const id of ["epic-fault", "sms-fault", "zak-on-join", ...Object.keys(SWITCHES)]) byId(id).disabled = !may;
  }

  // A page that is opened anew shows what is switched on already.
  async function showSwitches() {
    const [fault] = await call("GET", "/demo/api/epic/faults");
    byId("epic-fault").value = fault && fault.kind in EPIC_FAULTS ? fault.kind : "";
    const [smsFault] = await call("GET", "/demo/api/sms/faults");
    const isOn = ([, one]) => one.kind === smsFault?.kind;
    byId("sms-fault").value = Object.entries(SMS_FAULTS).find(isOn)?.[0] ?? "";
    const now = await call("GET", "/demo/api/zoom/weather");
    for (const [id, part] of Object.entries(SWITCHES)) {
      const on = Object.entries(part).every(([key, value]) => JSON.stringify(now[key]) === JSON.stringify(value));
      byId(id).checked = on;
    }
    byId("zak-on-join").value = (await call("GET", "/demo/api/zoom/settings")).zak_on_join;
  }

  byId("morning").addEventListener("submit", (event) => {
    event.preventDefault();
    const order = { visits: Number(byId("visits").value), speed: Number(byId("speed").value) };
    attempt(() => call("POST", "/demo/api/people/morning", order));
  });

  look();
  letSwitch(false);
  attempt(showSwitches).finally(() => letSwitch(true));
  setInterval(look, LOOK_EVERY_MS);
})();
