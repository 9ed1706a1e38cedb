// How people of the story move: from the fake schedule and the fake MyChart through a launch to a page of the service.

import { tabOpenedBy } from "./browser.mjs";

export const WAIT_TEXT = "Please wait for the host to start this meeting";
export const WAITING_PAGE = /\/visit\/[^/?]+(\?|$)/;

/** The n-th "Join video visit" of the fake MyChart, pressed; the tab that it opens. */
export async function joinFromMyChart(someone, demo, visit = 0) {
  return pressOnDemoPage(someone, demo, /^join video visit/i, visit);
}

/** The n-th "Start video visit" of the fake Hyperspace, pressed; the tab that it opens. */
export async function startFromHyperspace(someone, demo, visit = 0) {
  return pressOnDemoPage(someone, demo, /^start video visit/i, visit);
}

async function pressOnDemoPage({ context }, demo, name, visit) {
  const page = context.pages().find((open) => open.url().startsWith(`${demo.fakes}/`)) ?? (await context.newPage());
  if (!page.url().startsWith(`${demo.fakes}/`)) await page.goto(`${demo.fakes}/`);
  const button = page.getByRole("button", { name }).or(page.getByRole("link", { name })).nth(visit);
  return tabOpenedBy(context, () => button.click());
}

/** A patient on the waiting page of a visit whose provider has not come. */
export async function waitingPatient(someone, demo, visit = 0) {
  const page = await joinFromMyChart(someone, demo, visit);
  await page.waitForURL(WAITING_PAGE);
  await page.getByText(WAIT_TEXT).waitFor();
  return page;
}

/** Answers the page's own questions in the place of the service: the state as JSON, and no events at all. */
export async function pretend(page, state) {
  const told = { phase: "waiting_for_host", can_join: false, message: WAIT_TEXT, ...state };
  await page.route("**/visit/*/events*", (route) => route.abort());
  await page.route("**/visit/*/state*", (route) => route.fulfill({ json: told }));
  return told;
}
