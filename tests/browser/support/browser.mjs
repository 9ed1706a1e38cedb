// A headless browser, the people in it, and what every page of the service must keep to.

import assert from "node:assert/strict";

import axe from "@axe-core/playwright";
import { chromium } from "playwright-core";

const AxeBuilder = axe.default ?? axe.AxeBuilder ?? axe;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** WCAG 2.2 A and AA, and what axe calls best practice. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const SMALL_PHONE = { width: 320, height: 640 };
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };
/** A sheet of paper, as wide as browsers print it. */
export const A4 = { width: 794, height: 1123 };

export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
  });
}

/**
 * A person with a browser of their own: own cookies, own storage, own size of screen. `complaints` collects what the
 * browser said against the pages: script errors, refused content and requests that left the machine.
 */
export async function person(browser, { viewport = DESKTOP, locale = "en-US", ...more } = {}) {
  const context = await browser.newContext({ viewport, locale, ...more });
  const complaints = [];
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^https?:|^wss?:/.test(protocol) && !["127.0.0.1", "localhost"].includes(hostname)) {
      complaints.push(`request to ${hostname}`);
    }
  });
  context.on("weberror", (error) => complaints.push(`script: ${error.error()}`));
  context.on("console", (message) => {
    if (/Content.Security.Policy|TrustedHTML|Refused to/i.test(message.text())) complaints.push(message.text());
  });
  return { context, complaints, newPage: () => context.newPage(), leave: () => context.close() };
}

/** Fails with the rule, the element and the reason of every violation that axe finds. */
export async function assertAccessible(page, where) {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
  assert.deepEqual(told, [], `${where} at ${page.url()}`);
}

/** A field that a page has come back with: what is wrong is said beside it, and the focus is there. */
export async function assertIsWrong(field, { typed, told }) {
  assert.equal(await field.inputValue(), typed, "what was typed stays");
  const found = await field.evaluate((one) => ({
    wrong: one.ariaInvalid,
    told: document.getElementById(one.getAttribute("aria-describedby")?.split(" ")[0])?.textContent,
    focused: one === document.activeElement,
  }));
  assert.deepEqual({ ...found, told: undefined }, { wrong: "true", told: undefined, focused: true });
  assert.match(found.told, told);
}

/** Nothing is cut off or has to be scrolled sideways, tables in their own frame aside. */
export async function assertFits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where} is ${over} px too wide`);
}

/** A page that is printed has nothing to press or to fill in, and all of its tables. */
export async function assertOnPaper(page, where) {
  const left = await page.locator("nav, form, button, input, select, textarea").filter({ visible: true }).allInnerTexts();
  assert.deepEqual(left, [], `controls on the paper of ${where}`);
  await assertFits(page, `${where} on paper`);
}

/** Waits until something is to be seen; where it never is, the failure says what the page showed instead. */
export function see(page, sought, options) {
  return orSayWhatIsShown(page, sought.waitFor(options));
}

/** Waits until the page is at an address; where it never comes there, the failure says where it is and what it shows. */
export function arrive(page, address, options) {
  return orSayWhatIsShown(page, page.waitForURL(address, options));
}

async function orSayWhatIsShown(page, waiting) {
  try {
    await waiting;
  } catch (error) {
    const shown = await page.locator("body").innerText({ timeout: 1_000 }).catch(() => "nothing");
    error.message += `\nthe page at ${page.url()} showed:\n${shown}`;
    throw error;
  }
}

/** Follows a click that opens a tab of its own. */
export async function tabOpenedBy(context, click) {
  const [page] = await Promise.all([context.waitForEvent("page"), click()]);
  return page;
}
