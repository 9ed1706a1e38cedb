// How people of the story move: from the fake schedule and the fake MyChart through a launch to a page of the service.

import { arrive, tabOpenedBy } from "./browser.mjs";
import { until } from "./demo.mjs";

export const WAIT_TEXT = "Please wait for the host to start this meeting";
export const WAITING_PAGE = /\/visit\/[^/?]+(\?|$)/;

/** Scopes with which the way to the health record's sign-in is too long for an address. */
const SCOPES = ["launch", "openid", "fhirUser", ...Array.from({ length: 60 }, (_, number) => `user/AnotherResource${number}.rs`)];
/** A demo's environment with such a way. */
export const LONG_WAY = { VESTIBULE__ORGANIZATION__LAKESIDE__EPIC__SCOPES: JSON.stringify(SCOPES) };

/** The n-th visit of the demo's day. */
export async function visitOfTheDay(demo, index = 0) {
  const day = await (await fetch(`${demo.fakes}/demo/api/day`)).json();
  const visit = day.visits.filter(({ group }) => !group)[index];
  if (!visit) throw new Error(`the demo's day has ${day.visits.length} visits, not ${index + 1}`);
  return visit;
}

/** The patient of the n-th visit presses "Join video visit" in the fake MyChart; the tab that it opens. */
export async function joinFromMyChart(someone, demo, index = 0) {
  const visit = await visitOfTheDay(demo, index);
  return press(someone, demo, "Join video visit", visit, visit.patient);
}

/** The provider presses "Start video visit" in the fake Hyperspace schedule; the tab that it opens. */
export async function startFromHyperspace(someone, demo, index = 0) {
  const visit = await visitOfTheDay(demo, index);
  return press(someone, demo, "Start video visit", visit, visit.providers[0]);
}

async function press(someone, demo, label, visit, who) {
  const page = await demoPage(someone, demo);
  const name = `${label}: ${visit.patient.name}, visit ${visit.csn}, as ${who.name}`;
  return tabOpenedBy(someone.context, () => page.getByRole("link", { name, exact: true }).click());
}

/** What the schedule says about the light of a visit's patient. */
export async function lightInSchedule(someone, demo, csn) {
  const page = await demoPage(someone, demo);
  const visit = page.getByRole("article").filter({ hasText: `CSN ${csn}` });
  return visit.getByText(/^Patient (not )?connected$/);
}

/** What Epic itself believes. */
export async function lightIsOn(demo, csn) {
  const day = await (await fetch(`${demo.fakes}/demo/api/day`)).json();
  return day.visits.find((visit) => visit.csn === csn).patient.connected;
}

/** The page with the schedule and MyChart, opened once per person. */
export async function demoPage({ context }, demo) {
  const open = context.pages().find((page) => page.url().startsWith(`${demo.fakes}/`) && new URL(page.url()).pathname === "/");
  if (open) return open;
  const page = await context.newPage();
  await page.goto(`${demo.fakes}/`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

/** A patient on the waiting page of a visit whose provider has not come. */
export async function waitingPatient(someone, demo, visit = 0) {
  const page = await joinFromMyChart(someone, demo, visit);
  await arrive(page, WAITING_PAGE);
  await page.getByText(WAIT_TEXT).waitFor();
  return page;
}

/** A patient without scripts on that way, where they go on themselves. */
export async function onwardPage(someone, demo, index) {
  const visit = await visitOfTheDay(demo, index);
  const page = await someone.newPage();
  await page.goto(demo.fakes + visit.patient.launch.replace("/demo/open/", "/demo/launch/"));
  const button = page.getByRole("button", { name: "Continue" });
  await button.waitFor();
  return { page, button };
}

/** The provider of a visit opens the tools beside the call. */
export async function opensTools(someone, demo, visit) {
  const page = await someone.context.newPage();
  await page.goto(`${demo.fakes}/demo/launch/visit-tools/${visit.csn}/${visit.providers[0].external_id}`);
  await page.getByRole("heading", { level: 1, name: "Visit tools" }).waitFor();
  return page;
}

/** Makes a guest's link there, and reads its address. */
export async function makesLink(page, name) {
  await page.getByLabel("For whom").fill(name);
  await page.getByRole("button", { name: "Make a link" }).click();
  await page.getByText("The link is ready.").waitFor();
  return page.getByLabel("Link for the guest").inputValue();
}

/** Somebody rings up the meeting whose page a provider has open, from a telephone of which Zoom does not say whose it is. */
export async function dialsIn(demo, started, number) {
  const [, meeting] = new URL(started.url()).pathname.match(/\/s\/(\d+)/);
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ meeting: Number(meeting), number });
  const answer = await fetch(`${demo.fakes}/zoom/client/dial-in`, { method: "POST", headers, body });
  if (answer.status !== 201) throw new Error(`the fake Zoom answered ${answer.status}`);
}

/** Has the fake Epic misbehave from now on (`POST` with a fault), or behave again (`DELETE`). */
export const epicFaults = (demo, method, fault) => order(demo, method, "epic/faults", fault);

/** The same of the fake Zoom. */
export const zoomFaults = (demo, method, fault) => order(demo, method, "zoom/faults", fault);

/** How the fake Zoom's events come from now on; with nothing as they should. */
export const zoomWeather = (demo, weather = {}) => order(demo, "PUT", "zoom/weather", weather);

async function order(demo, method, path, said) {
  const headers = { "content-type": "application/json" };
  const body = said && JSON.stringify(said);
  const answer = await fetch(`${demo.fakes}/demo/api/${path}`, { method, headers, body });
  if (answer.status !== 204) throw new Error(`${path} of the fakes answered ${answer.status}`);
}

/** Waits until Epic has refused so many updates for good. */
export function refused(demo, count) {
  return until("the updates to be refused", 20_000, async () => {
    const { updates } = await (await fetch(`${demo.service}/api/v1/parked`)).json();
    return updates.length === count;
  });
}

/** Answers the page's own questions in the place of the service: the state as JSON, and no events at all. */
export async function pretend(page, state) {
  const told = { phase: "waiting_for_host", can_join: false, message: WAIT_TEXT, ...state };
  await page.route("**/visit/*/events*", (route) => route.abort());
  await page.route("**/visit/*/state*", (route) => route.fulfill({ json: told }));
  return told;
}

/** The patient and the provider of a visit go in, and Epic refuses what it is told of both: the search for their records, and what it finds. */
export async function refusedByEpic(patient, provider, demo, index, code = "INVALID-USER-ID") {
  const visit = await visitOfTheDay(demo, index);
  const waiting = await waitingPatient(patient, demo, index);
  await epicFaults(demo, "POST", { call: "status", kind: "refuse", code });
  const started = await startFromHyperspace(provider, demo, index);
  await arrive(started, /\/zoom\/s\//);
  await arrive(waiting, /\/zoom\//);
  const search = `organization=lakeside&csn=${visit.csn}`;
  const records = async () => {
    const answer = await fetch(`${demo.service}/api/v1/notifications?${search}`);
    return (await answer.json()).notifications;
  };
  await until("the updates to be refused", 20_000, async () => {
    const refused = (await records()).filter(({ outcome }) => outcome === "parked");
    return refused.length === 2;
  });
  await epicFaults(demo, "DELETE");
  return { visit, search, records };
}
