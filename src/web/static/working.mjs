// Forms whose answer takes long. While one is under way the page says so, in what stands behind it, and sends it once.

/** Whatever the service does is over by then: an answer that was given up is not waited for any longer. */
const AT_MOST = 60_000;

const told = [...document.querySelectorAll(".working")];

for (const status of told) {
  const form = status.previousElementSibling;
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("aria-busy")) return event.preventDefault();
    form.setAttribute("aria-busy", "true");
    status.textContent = status.dataset.text;
    setTimeout(settle, AT_MOST);
  });
}

// Back from another page this one may be as it was left.
addEventListener("pageshow", settle);

function settle() {
  for (const status of told) {
    status.previousElementSibling.removeAttribute("aria-busy");
    status.textContent = "";
  }
}
