// Keeps the list of people fresh, with the devices of which one may say whose they are; and copies links.

const main = document.querySelector("main.tools");
const people = document.getElementById("people");
const nobody = document.getElementById("nobody");
const whose = document.getElementById("whose");
const devices = document.getElementById("devices");
const deviceForm = document.getElementById("device");
const trouble = document.getElementById("trouble");
const EVERY = 3000;

function cell(...parts) {
  const made = document.createElement("td");
  made.append(...parts);
  return made;
}

function words(tag, text, style = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = style;
  return made;
}

function row({ name, who, presence, place, minutes, test }) {
  const made = document.createElement("tr");
  made.className = presence;
  const person = name ? [words("strong", name), " ", words("span", who, "quiet")] : [who];
  if (test) person.push(document.createElement("br"), words("span", test, "quiet"));
  made.append(cell(...person), cell(place), cell(`${minutes} min`));
  return made;
}

function device({ who, place, minutes, instance, session, whose }, choices) {
  const made = deviceForm.content.firstElementChild.cloneNode(true);
  made.querySelector("strong").textContent = who;
  made.querySelector("p span").textContent = `${place}, ${minutes} min`;
  made.elements.instance.value = instance;
  made.elements.session.value = session;
  for (const { who: key, role, name } of choices) {
    made.elements.who.add(new Option(name ? `${name} (${role})` : role, key, key === whose, key === whose));
  }
  return made;
}

// Nothing is taken from under the hand of somebody who is choosing.
function showDevices({ devices: present, choices }) {
  if (devices.contains(document.activeElement)) return;
  const key = ({ instance, session }) => `${instance} ${session}`;
  const named = ({ elements: { instance, session } }) => key({ instance: instance.value, session: session.value });
  const chosen = new Map([...devices.children].filter(({ dataset }) => dataset.chosen).map((form) => [named(form), form]));
  devices.replaceChildren(...present.map((one) => chosen.get(key(one)) ?? device(one, choices)));
  whose.hidden = present.length === 0 || choices.length === 0;
}

devices.addEventListener("change", ({ target }) => {
  target.form.dataset.chosen = "yes";
});

async function look() {
  try {
    const answer = await fetch(main.dataset.people, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const here = await answer.json();
    people.replaceChildren(...here.people.map(row));
    people.parentElement.hidden = here.people.length === 0;
    nobody.hidden = here.people.length > 0;
    showDevices(here);
    trouble.textContent = "";
  } catch {
    trouble.textContent = trouble.dataset.text;
  }
  setTimeout(look, EVERY);
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = main.dataset.copied;
  });
}

setTimeout(look, EVERY);
