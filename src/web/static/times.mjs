// Times for the people who run the service, in their own zone.

const dateTime = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const timeOfDay = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** The date and time, or nothing for a text that is no time. */
export function localDateTime(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : dateTime.format(date);
}

/** The time alone for today, the date and time for any other day. */
export function localTime(text, today = new Date()) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return "";
  return date.toDateString() === today.toDateString() ? timeOfDay.format(date) : dateTime.format(date);
}

export function zoneName() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local";
}
