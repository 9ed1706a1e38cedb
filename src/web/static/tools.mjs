// Keeps the list of people fresh, and copies links.

const main = document.querySelector("main.tools");
const people = document.getElementById("people");
const nobody = document.getElementById("nobody");
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

function row({ name, who, presence, place, minutes }) {
  const made = document.createElement("tr");
  made.className = presence;
  const person = name ? [words("strong", name), " ", words("span", who, "quiet")] : [who];
  made.append(cell(...person), cell(place), cell(`${minutes} min`));
  return made;
}

async function look() {
  try {
    const answer = await fetch(main.dataset.people, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const lines = await answer.json();
    people.replaceChildren(...lines.map(row));
    people.parentElement.hidden = lines.length === 0;
    nobody.hidden = lines.length > 0;
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
