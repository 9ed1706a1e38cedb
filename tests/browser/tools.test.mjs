// The provider's page beside the call, and the guest who comes by its link.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, assertIsWrong, launchBrowser, PHONE, person, see, SMALL_PHONE, tabOpenedBy } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { makesLink, opensTools, visitOfTheDay, WAITING_PAGE } from "./support/visits.mjs";

let demo;
let browser;

before(async () => {
  demo = await startDemo();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** The words of the question, as the guest's language has them. */
const ENGLISH = { month: "Month", day: "Day", year: "Year (4 digits)", go: "Continue" };
const SPANISH = { month: "Mes", day: "Día", year: "Año (4 cifras)", go: "Continuar" };

/** Fills in a date such as 1947-02-04 and goes on. */
async function answers(page, date, words = ENGLISH) {
  const [year, month, day] = date.split("-").map(Number);
  await page.getByLabel(words.month, { exact: true }).selectOption(String(month));
  await page.getByLabel(words.day, { exact: true }).fill(String(day));
  await page.getByLabel(words.year).fill(String(year));
  await page.getByRole("button", { name: words.go }).click();
}

test("a provider sees who waits, and makes a link by which a guest comes", async () => {
  const visit = await visitOfTheDay(demo);
  const provider = await person(browser, { viewport: SMALL_PHONE, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await opensTools(provider, demo, visit);
  await page.getByText("Nobody has come yet.").waitFor();
  await assertAccessible(page, "the tools");
  await assertFits(page, "the tools");
  await makesLink(page, "Ivan, interpreter");
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await assertAccessible(page, "the tools with a link");
  await assertFits(page, "the tools with a link");

  const guest = await person(browser, { viewport: PHONE });
  const his = await guest.context.newPage();
  await his.goto(link);
  await assertAccessible(his, "the invitation");
  await answers(his, visit.born);
  await arrive(his, WAITING_PAGE);
  // The list of the provider's page renews itself.
  await page.getByRole("row", { name: /Ivan, interpreter.*Waiting/ }).waitFor();
  await page.getByRole("button", { name: "Take the link back" }).click();
  await page.getByText("The link has been taken back.").waitFor();
  await his.goto(link);
  const refused = his.getByRole("heading", { name: "This invitation is no longer valid" });
  await refused.waitFor();
  assert.deepEqual([...provider.complaints, ...guest.complaints], []);
});

test("a guest on a small phone says when the patient was born, is told when that is wrong, and is not asked twice", async () => {
  const visit = await visitOfTheDay(demo, 1);
  const provider = await person(browser, {});
  const link = await makesLink(await opensTools(provider, demo, visit), "Irina");
  const guest = await person(browser, { viewport: SMALL_PHONE });
  const page = await guest.context.newPage();
  await page.goto(link);
  const question = page.getByRole("group", { name: "The patient's date of birth" });
  await question.waitFor();
  await assertAccessible(page, "the question");
  await assertFits(page, "the question");
  // What is missing the browser says itself, and nothing is sent.
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(new URL(page.url()).searchParams.get("answered"), null);
  await answers(page, "1901-01-01");
  await page.getByRole("alert").filter({ hasText: "not the date of birth" }).waitFor();
  await assertAccessible(page, "the question after a wrong answer");
  await assertFits(page, "the question after a wrong answer");
  // Loading that page anew asks again and costs no try.
  for (let times = 0; times < 6; times += 1) await page.reload();
  await question.waitFor();
  await answers(page, visit.born);
  await arrive(page, WAITING_PAGE);
  await page.goto(link);
  await page.getByRole("button", { name: "Continue" }).waitFor();
  assert.equal(await question.count(), 0, "this browser is known");
  assert.deepEqual([...provider.complaints, ...guest.complaints], []);
});

test("whoever guesses is locked out, and the provider sees it and makes another link", async () => {
  const visit = await visitOfTheDay(demo, 2);
  const provider = await person(browser, { viewport: PHONE });
  const tools = await opensTools(provider, demo, visit);
  const link = await makesLink(tools, "Igor");
  const guest = await person(browser, { viewport: PHONE });
  const page = await guest.context.newPage();
  await page.goto(link);
  for (let tries = 1; tries < 5; tries += 1) {
    await answers(page, `190${tries}-01-01`);
    await page.getByRole("alert").waitFor();
  }
  await answers(page, "1909-01-01");
  await page.getByRole("heading", { name: "This invitation is locked" }).waitFor();
  await page.getByText("Ask the person who invited you for a new link.").waitFor();
  await assertAccessible(page, "a locked invitation");
  await tools.reload();
  await tools.getByText("Locked: a wrong date of birth was given too often.").waitFor();
  await assertAccessible(tools, "the tools with a locked link");
  await assertFits(tools, "the tools with a locked link");
  await tools.getByRole("button", { name: "Take the link back" }).click();
  await tools.getByText("The link has been taken back.").waitFor();
  const another = await makesLink(tools, "Igor");
  await page.goto(another);
  await answers(page, visit.born);
  await arrive(page, WAITING_PAGE);
});

test("a link goes to a phone by text message, and is opened there in Spanish", async () => {
  const visit = await visitOfTheDay(demo, 3);
  const provider = await person(browser, { viewport: SMALL_PHONE });
  const tools = await opensTools(provider, demo, visit);
  await makesLink(tools, "Inés");
  await tools.getByLabel("Mobile number").fill("call me");
  await tools.getByRole("button", { name: "Send by text message" }).click();
  const number = tools.getByLabel("Mobile number");
  await tools.getByRole("status").filter({ hasText: "That is not a mobile number." }).waitFor();
  await assertIsWrong(number, { typed: "call me", told: /^That is not a mobile number/ });
  await assertAccessible(tools, "the tools after what is no number");
  await assertFits(tools, "the tools after what is no number");
  await tools.getByLabel("Mobile number").fill("(312) 555-0123");
  await tools.getByRole("button", { name: "Send by text message" }).click();
  await tools.getByText("The text message was sent.").waitFor();
  assert.ok(!tools.url().includes("555"), "the number stands in no address");
  await assertAccessible(tools, "the tools after a message");
  await assertFits(tools, "the tools after a message");

  const guest = await person(browser, { viewport: PHONE, locale: "es-MX" });
  const phone = await guest.context.newPage();
  await phone.goto(`${demo.fakes}/demo/phone`);
  await phone.getByText("To +13125550123").waitFor();
  await assertAccessible(phone, "the phone");
  await assertFits(phone, "the phone");
  const page = await tabOpenedBy(guest.context, () => phone.getByRole("link").click());
  await page.getByRole("group", { name: "Fecha de nacimiento del paciente" }).waitFor();
  await assertAccessible(page, "the question in Spanish");
  await answers(page, visit.born, SPANISH);
  await arrive(page, WAITING_PAGE);
  await tools.getByRole("row", { name: /Inés.*Waiting/ }).waitFor();
  assert.deepEqual([...provider.complaints, ...guest.complaints], []);
});

test("an operator takes a guest's link back on the page of the visit, for a reason that stands there then", async () => {
  const visit = await visitOfTheDay(demo);
  const [provider, guest, operator] = [await person(browser), await person(browser, { viewport: PHONE }), await person(browser)];
  const link = await makesLink(await opensTools(provider, demo, visit), "Irma");
  const his = await guest.newPage();
  await his.goto(link);
  await see(his, his.getByRole("group", { name: "The patient's date of birth" }));
  const page = await operator.newPage();
  await page.goto(`${demo.service}/visits/lakeside/${visit.csn}`);
  const form = page.getByRole("form", { name: /^Link of \d+ min ago$/ });
  await see(page, form);
  await form.getByRole("button", { name: "Take back" }).click();
  assert.equal(await page.getByText("The link is taken back.").count(), 0, "without a reason nothing is sent");
  await form.getByLabel("Reason").fill("it went to a wrong number");
  await form.getByRole("button", { name: "Take back" }).press("Enter");
  await see(page, page.getByText("The link is taken back."));
  await form.waitFor({ state: "detached" });
  await see(page, page.locator("table.timeline").getByText("it went to a wrong number"));
  await assertAccessible(page, "a visit whose link was taken back");
  await his.goto(link);
  await see(his, his.getByRole("heading", { name: "This invitation is no longer valid" }));
  assert.deepEqual([...provider.complaints, ...guest.complaints, ...operator.complaints], []);
});
