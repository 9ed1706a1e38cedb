// Texts with places for what is not the same each time.

/** The text with each `{}` filled, in order. */
export function fill(text, ...values) {
  const left = values.map(String);
  return text.replaceAll("{}", () => left.shift() ?? "");
}
