// Reads a chosen file into the field from which it is imported. Without scripts it is pasted there.

const chosen = document.getElementById("chosen");
const field = document.getElementById("file");

if (chosen && field) {
  chosen.hidden = false;
  chosen.addEventListener("change", async () => {
    const [file] = chosen.files;
    if (file) field.value = await file.text();
  });
}
