// Reads a chosen file into its field: settings that are imported as text, a picture written out. Without scripts either is pasted there.

import "./working.mjs";

const chosen = document.getElementById("chosen");
const field = document.getElementById("file");

if (chosen && field) offer(chosen, field, (file) => file.text());

for (const picture of document.querySelectorAll("input.picture")) {
  const written = document.getElementById(picture.dataset.for);
  if (written) offer(picture, written, writtenOut);
}

/** Shows what chooses a file, and puts what is read of one into the field. */
function offer(choice, into, read) {
  choice.hidden = false;
  choice.addEventListener("change", async () => {
    const [file] = choice.files;
    if (file) into.value = await read(file);
  });
}

/** A file as `data:image/png;base64,…`. */
function writtenOut(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
