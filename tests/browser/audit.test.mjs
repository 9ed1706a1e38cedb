// Who did what, as an officer reads it: found on the page, narrowed, leafed through, and taken along as a file.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { A4, arrive, assertAccessible, assertFits, assertOnPaper, DESKTOP, launchBrowser, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { startFromHyperspace, visitOfTheDay } from "./support/visits.mjs";

const token = (name) => `a-token-of-${name}-0123456789abcdef0123456789`;
const ROLES = { officer: "administrator", operator: "operator" };
const REASON = "the ward rang up";

let demo;
let browser;

before(async () => {
  const environment = { VESTIBULE__ACCESS__MODE: "token" };
  for (const [name, role] of Object.entries(ROLES)) {
    const grant = `VESTIBULE__ACCESS__GRANT__${name.toUpperCase()}__`;
    Object.assign(environment, { [`${grant}TOKEN`]: token(name), [`${grant}ROLE`]: role, [`${grant}ORGANIZATIONS`]: '["lakeside"]' });
  }
  demo = await startDemo({ environment });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function signsIn(name, options) {
  const someone = await person(browser, options);
  const page = await someone.newPage();
  await page.goto(`${demo.service}/sign-in?next=%2Frecords&lang=en`);
  await page.getByLabel("Access token").fill(token(name));
  await page.getByRole("button", { name: "Sign in" }).click();
  await see(page, page.getByRole("heading", { level: 1, name: "Notification records" }));
  return { ...someone, page };
}

const rows = (page) => page.locator("table.audit tbody tr");

test("an officer acts, finds it on the page, and narrows what is shown by who, what, visit and time", async () => {
  const { csn } = await visitOfTheDay(demo, 0);
  await arrive(await startFromHyperspace(await person(browser), demo, 0), /\/zoom\/s\//);
  const { page, complaints, leave } = await signsIn("officer");
  await page.goto(`${demo.service}/visits/lakeside/${csn}`);
  const end = page.getByRole("form", { name: "End the meeting" });
  await end.getByLabel("Reason").fill(REASON);
  await end.getByRole("button", { name: "End for everybody" }).click();
  await see(page, page.getByText("The meeting is being ended for everybody."));

  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await see(page, page.getByRole("heading", { level: 1, name: "Audit of Lakeside Health" }));
  const ended = rows(page).filter({ hasText: "Ended a meeting for everybody" }).filter({ hasText: REASON });
  await see(page, ended.first());
  const cells = await ended.first().getByRole("cell").allInnerTexts();
  assert.match(cells[0], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+/);
  assert.match(cells[1], /officer/);
  assert.match(cells[2], /meeting_ended/);
  assert.equal(cells[3], csn);
  assert.match(cells[4], /127\.0\.0\.1/);
  assert.match(cells[6], /node .+ reference [0-9a-f]{16}/);
  await see(page, page.getByText("whole, as far as was looked"));

  await page.getByLabel("Who (a part of the name is enough)").fill("OFFIC");
  await page.getByLabel("Action").selectOption("Ended a meeting for everybody");
  await page.getByLabel("Visit (CSN or conference ID)").fill(` ${csn}`);
  await page.getByRole("button", { name: "Search" }).press("Enter");
  await page.waitForURL(/action=meeting_ended/);
  assert.ok((await rows(page).count()) > 0);
  assert.equal(await rows(page).filter({ hasNotText: "meeting_ended" }).count(), 0);
  await page.getByLabel("From", { exact: true }).fill("2001-01-01");
  await page.getByLabel("Before, or to the end of a day").fill("2001-01-02");
  await page.getByRole("button", { name: "Search" }).click();
  await see(page, page.getByText("No entry was found. Take a filter away to see more."));
  await page.getByLabel("Before, or to the end of a day").fill("soon");
  await page.getByRole("button", { name: "Search" }).click();
  const field = page.getByLabel("Before, or to the end of a day");
  await see(page, page.locator("#to-problem"));
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await field.inputValue(), "soon");
  await assertAccessible(page, "the audit with a mistake");
  await page.goto(`${demo.service}/audit?organization=lakeside&csn=${csn}`);
  await rows(page).getByRole("link", { name: csn }).first().click();
  await see(page, page.getByRole("heading", { level: 1, name: `Visit ${csn}` }));
  assert.deepEqual(complaints, []);
  await leave();
});

test("the audit is leafed through, and downloaded whole by pressing a link", async () => {
  const { page, complaints, leave } = await signsIn("officer");
  // Each look at another visit is an entry.
  const looks = Array.from({ length: 60 }, (_, number) => `${demo.service}/records?organization=lakeside&csn=77${100 + number}`);
  for (const look of looks) assert.equal((await page.request.get(look)).status(), 200);
  await page.goto(`${demo.service}/audit?organization=lakeside&who=officer&action=records_viewed`);
  assert.equal(await rows(page).count(), 50);
  await see(page, page.getByText("50 entries on this page, newest first."));
  assert.match(await rows(page).first().innerText(), /77159/);
  await page.getByRole("link", { name: "Older entries" }).click();
  await page.waitForURL(/before=\d+/);
  assert.match(await rows(page).first().innerText(), /77109/);
  await see(page, page.getByText("77100", { exact: true }));
  assert.equal(await page.getByRole("link", { name: "Older entries" }).count(), 0);
  await page.getByRole("link", { name: "Newer entries" }).press("Enter");
  await page.waitForURL(/after=\d+/);
  assert.match(await rows(page).first().innerText(), /77159/);

  const hash = await page.locator("code.hash").first().innerText();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "JSON lines" }).click()]);
  assert.equal(file.suggestedFilename(), "audit-lakeside.jsonl");
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.some(({ action, csn, by }) => action === "records_viewed" && csn === "77100" && by === "officer"));
  assert.ok(lines.some((line) => line.hash === hash), "the newest entry of the page is in the file");
  assert.deepEqual(lines.map(({ seq }) => seq), lines.map((_, place) => place + 1));
  const [resources] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "FHIR AuditEvent" }).click()]);
  const [first] = (await readFile(await resources.path(), "utf8")).split("\n");
  assert.equal(JSON.parse(first).resourceType, "AuditEvent");
  assert.deepEqual(complaints, []);
  await leave();
});

test("the audit can be read by everybody, on small screens, in both languages, without script and on paper", async () => {
  for (const [viewport, colorScheme, lang, heading, javaScriptEnabled] of [
    [DESKTOP, "light", "en", "Audit of Lakeside Health", true],
    [DESKTOP, "dark", "en", "Audit of Lakeside Health", true],
    [SMALL_PHONE, "light", "es", "Auditoría de Lakeside Health", true],
    [SMALL_PHONE, "dark", "es", "Auditoría de Lakeside Health", true],
    [DESKTOP, "light", "es", "Auditoría de Lakeside Health", false],
  ]) {
    const { page, complaints, leave } = await signsIn("officer", { viewport, colorScheme, javaScriptEnabled });
    await page.goto(`${demo.service}/audit?organization=lakeside&lang=${lang}`);
    await see(page, page.getByRole("heading", { level: 1, name: heading }));
    assert.ok((await rows(page).count()) > 0);
    if (javaScriptEnabled) {
      await assertFits(page, `the audit, ${viewport.width} px`);
      await assertAccessible(page, `the audit, ${colorScheme}, ${lang}`);
    }
    if (lang === "es") {
      await page.getByLabel("Acción").selectOption("Vio la auditoría");
      await page.getByRole("button", { name: "Buscar" }).press("Enter");
      await page.waitForURL(/action=audit_viewed/);
      await see(page, rows(page).getByText("Vio la auditoría").first());
      await page.getByRole("link", { name: "English" }).click();
      await arrive(page, /action=audit%5Fviewed&lang=en$/);
    }
    assert.deepEqual(complaints, []);
    await leave();
  }
  const { page, leave } = await signsIn("officer", { viewport: A4 });
  await page.goto(`${demo.service}/audit?organization=lakeside`);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator("table.audit").isVisible());
  await see(page, page.getByText(/^The newest entry is \d+/));
  await assertOnPaper(page, "the audit");
  await leave();
});

test("whoever is no administrator is not led there, and is told what it needs", async () => {
  const { page, leave } = await signsIn("operator");
  assert.equal(await page.getByRole("link", { name: "Audit", exact: true }).count(), 0);
  const answer = await page.goto(`${demo.service}/audit?organization=lakeside`);
  assert.equal(answer.status(), 403);
  await see(page, page.getByText("administrator").first());
  await assertAccessible(page, "the audit refused");
  await leave();
});
