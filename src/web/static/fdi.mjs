// Buttons that copy a line. Without scripts there are none, and the lines can be selected by hand.

const said = document.getElementById("said");

async function copy(line) {
  try {
    await navigator.clipboard.writeText(line.textContent);
    said.textContent = said.dataset.copied;
  } catch {
    // Forbidden by the browser, or not there where the page came without TLS.
    getSelection().selectAllChildren(line);
    said.textContent = said.dataset.notCopied;
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const line = document.getElementById(button.dataset.copy);
  button.addEventListener("click", () => copy(line));
  button.hidden = false;
}
