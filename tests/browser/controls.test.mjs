// What an operator does about a visit from its page and from the board: a meeting that is made again, an update that Epic refused; and what Epic is told, paused and resumed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, assertIsWrong, DESKTOP, launchBrowser, PHONE, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { epicFaults, joinFromMyChart, lightIsOn, refused, refusedByEpic, startFromHyperspace, visitOfTheDay, waitingPatient } from "./support/visits.mjs";

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

test("what Epic is told is paused and resumed with the keyboard, and the board says so while it lasts", async () => {
  const [operator, watcher] = [await person(browser, { viewport: DESKTOP }), await person(browser, { viewport: DESKTOP })];
  const board = await watcher.newPage();
  await board.goto(`${demo.service}/ops`);
  const said = board.getByRole("listitem").filter({ hasText: "Epic is told nothing" });
  assert.equal(await said.count(), 0);
  const page = await operator.newPage();
  await page.goto(`${demo.service}/admin/lakeside`);
  const pause = page.getByRole("form", { name: "Pause the updates to Epic" });
  await pause.getByRole("button", { name: "Pause" }).press("Enter");
  assert.ok(await pause.getByLabel("Reason").evaluate((text) => text.validity.valueMissing), "the browser asks for a reason");
  await pause.getByLabel("Reason").fill("Epic is <b>upgraded</b> tonight");
  await pause.getByRole("button", { name: "Pause" }).press("Enter");
  await page.getByText("The notifier is paused.").waitFor();
  await page.getByText("Epic is <b>upgraded</b> tonight").waitFor();
  await assertAccessible(page, "an organization that is paused");
  await page.setViewportSize(SMALL_PHONE);
  await assertFits(page, "an organization that is paused, on a small phone");
  await said.waitFor();
  assert.match(await said.textContent(), /^lakeside: .*Paused by .* since .*: Epic is <b>upgraded<\/b> tonight Resume$/);
  await assertAccessible(board, "the board with an organization that is paused");
  await board.setViewportSize(SMALL_PHONE);
  await assertFits(board, "the board with an organization that is paused, on a small phone");
  // A board that is opened now says it as well, and leads to where it is ended.
  await board.reload();
  await said.waitFor();
  assert.equal(await said.getByRole("link", { name: "lakeside" }).getAttribute("href"), "/admin/lakeside?lang=en#notifier");
  await said.getByRole("button", { name: "Resume lakeside" }).press("Enter");
  const dialog = board.getByRole("dialog", { name: "Lakeside Health" });
  const resume = dialog.getByRole("form", { name: "Resume the updates to Epic" });
  await resume.getByLabel("Reason").fill("the upgrade is done");
  await assertAccessible(board, "the board's dialog");
  await assertFits(board, "the board's dialog on a small phone");
  await resume.getByRole("button", { name: "Resume" }).press("Enter");
  await dialog.getByText("The notifier goes on.").waitFor();
  await dialog.getByRole("form", { name: "Pause the updates to Epic" }).waitFor();
  await board.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await said.waitFor({ state: "detached" });
  assert.deepEqual([...operator.complaints, ...watcher.complaints], []);
  await operator.leave();
  await watcher.leave();
});

test("an operator has the meeting made again, and has Epic told what it refused, with the keyboard and on a small phone", async () => {
  const visit = await visitOfTheDay(demo, 0);
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser, { viewport: DESKTOP })];
  const waiting = await waitingPatient(patient, demo, 0);
  await epicFaults(demo, "POST", { call: "status", kind: "refuse", code: "INVALID-USER-ID" });
  const started = await startFromHyperspace(provider, demo, 0);
  await arrive(started, /\/zoom\/s\//);
  await arrive(waiting, /\/zoom\//);
  const address = `${demo.service}/visits/lakeside/${visit.csn}`;
  await refused(demo, 2);
  await epicFaults(demo, "DELETE");
  const operator = await person(browser, { viewport: DESKTOP });
  const page = await operator.newPage();
  await page.goto(address);
  await page.getByRole("heading", { level: 2, name: "Updates that Epic did not take" }).waitFor();
  await assertAccessible(page, "a visit with parked updates");
  await page.setViewportSize(SMALL_PHONE);
  await assertFits(page, "a visit with parked updates on a small phone");
  await page.setViewportSize(DESKTOP);
  const mended = page.getByRole("form", { name: `Patient ${visit.patient.external_id} has joined` });
  await mended.getByLabel("Reason").fill("Epic knows the id by now");
  await mended.getByRole("button", { name: "Send again" }).press("Enter");
  await page.getByText("Epic is told once more.").waitFor();
  await until("the patient's light", 20_000, () => lightIsOn(demo, visit.csn));
  // The rest from the board; this page follows, and takes nothing from somebody who is typing.
  const typed = page.getByRole("form", { name: "End the meeting" }).getByLabel("Reason");
  await typed.fill("half a rea");
  const before = await page.locator("dl.reference code").innerText();
  const board = await operator.newPage();
  await board.goto(`${demo.service}/ops`);
  await board.getByRole("button", { name: `Act on visit ${visit.csn}` }).press("Enter");
  const dialog = board.getByRole("dialog", { name: `Visit ${visit.csn}` });
  const other = dialog.getByRole("form", { name: `Provider ${visit.providers[0].external_id} has joined` });
  const sent = [];
  board.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await other.getByRole("button", { name: "Drop" }).click();
  assert.ok(await other.getByLabel("Reason").evaluate((text) => text.validity.valueMissing), "the browser asks for a reason");
  assert.deepEqual(sent, []);
  await other.getByLabel("Reason").fill("nobody looks at it");
  await assertAccessible(board, "what can be done from the board");
  await other.getByRole("button", { name: "Drop" }).click();
  await dialog.getByText("The update is dropped").waitFor();
  await dialog.getByRole("heading", { name: "Updates that Epic did not take" }).waitFor({ state: "detached" });
  // People are in the meeting, so that the box has to be ticked.
  const again = dialog.getByRole("form", { name: "Make the meeting again" });
  await again.getByLabel("Reason").fill("its settings were changed by hand");
  await again.getByRole("button", { name: "Make again" }).click();
  await dialog.getByText("People are in the meeting, or Zoom has not told that they left.").waitFor();
  await board.setViewportSize(SMALL_PHONE);
  await assertFits(board, "what can be done from the board, on a small phone");
  await again.getByLabel("although people are in it").press("Space");
  await again.getByLabel("Reason").fill("its settings were changed by hand");
  await again.getByRole("button", { name: "Make again" }).click();
  await dialog.getByText("Another meeting is being made").waitFor();
  await board.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  const opener = board.getByRole("button", { name: `Act on visit ${visit.csn}` });
  await until("the focus to be back", 5_000, () => opener.evaluate((button) => button === document.activeElement));
  await page.locator("dl.reference code").filter({ hasNotText: before }).waitFor();
  await page.getByText("Something has changed since you began to type.").waitFor();
  assert.equal(await typed.inputValue(), "half a rea");
  await typed.fill("");
  await typed.blur();
  await page.getByRole("heading", { name: "Updates that Epic did not take" }).waitFor({ state: "detached" });
  await page.getByText("Something has changed since you began to type.").waitFor({ state: "hidden" });
  await until("the patient's light to go out", 20_000, async () => !(await lightIsOn(demo, visit.csn)));
  // Both come once more, and meet in the new one.
  const back = await joinFromMyChart(patient, demo, 0);
  await arrive(back, /\/visit\//);
  const restarted = await startFromHyperspace(provider, demo, 0);
  await arrive(restarted, /\/zoom\/s\//);
  await arrive(back, /\/zoom\//);
  await until("the patient's light again", 20_000, () => lightIsOn(demo, visit.csn));
  assert.ok(!restarted.url().includes(before.replaceAll(" ", "")), "not to the old one");
  assert.deepEqual(operator.complaints, []);
  assert.deepEqual([...provider.complaints, ...patient.complaints], []);
});

/** What the browser takes for a reason and the service does not. */
const BLANKS = "    ";
const SAY_WHY = /^Say why: 3 to 200 characters on one line/;

test("a form whose reason says nothing comes back as it was sent, with what is wrong beside it, on the page and on the board", async () => {
  const visit = await visitOfTheDay(demo, 3);
  const [provider, operator] = [await person(browser), await person(browser)];
  await arrive(await startFromHyperspace(provider, demo, 3), /\/zoom\/s\//);
  const address = `${demo.service}/visits/lakeside/${visit.csn}`;
  const page = await operator.newPage();
  await page.goto(address);
  const again = page.getByRole("form", { name: "Make the meeting again" });
  await see(page, again);
  const meeting = await page.locator("dl.reference code").innerText();
  await again.getByLabel("although people are in it").check();
  await again.getByLabel("Reason").fill(BLANKS);
  const looks = page.waitForResponse((answer) => answer.request().method() === "GET" && answer.url().startsWith(address));
  await again.getByRole("button", { name: "Make again" }).press("Enter");
  await see(page, page.getByRole("alert").filter({ hasText: "Nothing was done. Say why" }));
  await (await looks).finished();
  await assertIsWrong(again.getByLabel("Reason"), { typed: BLANKS, told: SAY_WHY });
  assert.ok(await again.getByLabel("although people are in it").isChecked());
  assert.equal(await page.locator("[aria-invalid]").count(), 1, "no other form is marked");
  await assertAccessible(page, "a visit's form without a reason");
  await page.setViewportSize(SMALL_PHONE);
  await assertFits(page, "a visit's form without a reason, on a small phone");
  // The page is itself again: it is renewed, which changes nothing of the form, and stands at its own address.
  assert.equal((await looks).status(), 200);
  assert.ok(await page.getByText("Something has changed since you began to type.").isHidden(), "nothing has changed");
  assert.equal(new URL(page.url()).pathname, new URL(address).pathname);
  await again.getByLabel("Reason").fill("its settings were changed by hand");
  await again.getByRole("button", { name: "Make again" }).press("Enter");
  await see(page, page.getByText("Another meeting is being made"));
  await page.locator("dl.reference code").filter({ hasNotText: meeting }).waitFor();
  assert.equal(await page.locator("[aria-invalid]").count(), 0);
  // The same from the board.
  const board = await operator.newPage();
  await board.goto(`${demo.service}/ops`);
  await board.getByRole("button", { name: `Act on visit ${visit.csn}` }).press("Enter");
  const dialog = board.getByRole("dialog", { name: `Visit ${visit.csn}` });
  const pause = dialog.getByRole("form", { name: "Pause the updates to Epic" });
  await pause.getByLabel("Reason").fill(BLANKS);
  const renewed = board.waitForResponse((answer) => answer.request().method() === "GET" && answer.url().startsWith(address));
  await pause.getByRole("button", { name: "Pause" }).press("Enter");
  await see(board, dialog.getByText("Nothing was done. Say why"));
  await assertIsWrong(pause.getByLabel("Reason"), { typed: BLANKS, told: SAY_WHY });
  await assertAccessible(board, "the board's dialog with a form without a reason");
  await (await renewed).finished();
  await assertIsWrong(pause.getByLabel("Reason"), { typed: BLANKS, told: SAY_WHY });
  await pause.getByLabel("Reason").fill("Epic is upgraded tonight");
  await pause.getByRole("button", { name: "Pause" }).press("Enter");
  await see(board, dialog.getByText("The notifier is paused."));
  const resume = dialog.getByRole("form", { name: "Resume the updates to Epic" });
  await resume.getByLabel("Reason").fill("the upgrade is done");
  await resume.getByRole("button", { name: "Resume" }).press("Enter");
  await see(board, dialog.getByText("The notifier goes on."));
  assert.deepEqual([...operator.complaints, ...provider.complaints], []);
  for (const someone of [operator, provider]) await someone.leave();
});

test("without scripts a form whose reason says nothing comes back as well, in Spanish too", async () => {
  const operator = await person(browser, { javaScriptEnabled: false, viewport: SMALL_PHONE });
  const page = await operator.newPage();
  await page.goto(`${demo.service}/admin/lakeside?lang=es`);
  const pause = page.getByRole("form", { name: "Poner en pausa los avisos a Epic" });
  await pause.getByLabel("Motivo").fill(BLANKS);
  await pause.getByRole("button", { name: "Poner en pausa" }).press("Enter");
  await see(page, page.getByRole("alert").filter({ hasText: "No se hizo nada. Diga por qué" }));
  await assertIsWrong(pause.getByLabel("Motivo"), { typed: BLANKS, told: /^Diga por qué: de 3 a 200 caracteres/ });
  await pause.getByLabel("Motivo").fill("Epic se actualiza");
  await pause.getByRole("button", { name: "Poner en pausa" }).press("Enter");
  await see(page, page.getByText("Los avisos a Epic están en pausa."));
  await page.getByRole("form", { name: "Reanudar los avisos a Epic" }).getByLabel("Motivo").fill("ya se actualizó");
  await page.getByRole("button", { name: "Reanudar" }).press("Enter");
  await see(page, page.getByText("Los avisos a Epic continúan."));
  await operator.leave();
});

/** What a code of Epic's would be to a spreadsheet. */
const FORMULA = "-1-1";

test("records that Epic refused are counted, taken along as CSV, and sent again for a reason", async () => {
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser, { viewport: DESKTOP })];
  const { visit, search, records } = await refusedByEpic(patient, provider, demo, 1, FORMULA);
  const operator = await person(browser, { viewport: DESKTOP });
  const page = await operator.newPage();
  await page.goto(`${demo.service}/records?${search}&outcome=parked`);
  assert.equal(await page.getByRole("link", { name: "Send again", exact: true }).count(), 2);
  await assertAccessible(page, "records that may be sent again");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download as CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "notification-records.csv");
  const [head, ...rows] = (await readFile(await download.path(), "utf8")).trimEnd().split(/\r?\n/);
  assert.match(head, /^at,organization,meeting_id,csn,role,event,occurred_at,attempt,resp_code,epic_code,outcome,/);
  for (const [row, role] of [[rows[0], "patient"], [rows[1], "provider"]]) {
    const meeting = new RegExp(`^[\\d:.TZ-]+,lakeside,\\d+,${visit.csn},${role},joined,`);
    assert.match(row, meeting);
    assert.ok(row.includes(`,400,'${FORMULA},parked,`), `a spreadsheet would reckon with ${row}`);
  }
  assert.equal(rows.length, 2);
  const other = await person(browser, { viewport: SMALL_PHONE });
  const reading = await other.newPage();
  await reading.goto(`${demo.service}/records?${search}`);
  const more = reading.getByRole("status").filter({ hasText: "There is more by now." });
  assert.ok(!(await more.isVisible()));
  await page.getByRole("link", { name: "Send all of these again" }).press("Enter");
  await page.getByText("2 updates of 2 people in 1 visit, for 2 records.").waitFor();
  await assertAccessible(page, "the count of what is sent again");
  await page.setViewportSize(SMALL_PHONE);
  await assertFits(page, "the count of what is sent again, on a small phone");
  const act = await page.locator('input[name="act"]').inputValue();
  await page.getByLabel("Reason").fill("Epic knows the ids by now");
  await page.getByRole("button", { name: "Send 2 updates again" }).press("Enter");
  await page.getByText("They are on their way").waitFor();
  await assertFits(page, "what was sent again, on a small phone");
  await until("the patient's light", 20_000, () => lightIsOn(demo, visit.csn));
  // The same form once more does nothing more.
  await page.goBack();
  await page.locator('input[name="act"]').evaluate((field, value) => {
    field.value = value;
  }, act);
  await page.getByLabel("Reason").fill("Epic knows the ids by now");
  await page.getByRole("button", { name: "Send 2 updates again" }).click();
  await page.getByText("This was sent before.").waitFor();
  await until("both to be on record", 20_000, async () => (await records()).filter(({ resend }) => resend).length === 2);
  // Whoever reads them meanwhile is told, and what they have opened stays open until they search again.
  await more.waitFor();
  assert.equal(await reading.getByText("sent again", { exact: true }).count(), 0);
  await assertAccessible(reading, "records of which there are more by now");
  await assertFits(reading, "records of which there are more by now, on a small phone");
  await more.getByRole("link", { name: "Search again" }).press("Enter");
  await see(reading, reading.getByText("sent again", { exact: true }).first());
  await other.leave();
  await page.getByRole("link", { name: "Look at the records" }).click();
  await page.getByLabel("Outcome").selectOption("delivered");
  await page.getByRole("button", { name: "Search" }).click();
  assert.equal(await page.getByText("sent again", { exact: true }).count(), 2);
  // One of them has an address of its own, and goes once more by itself.
  const record = page.locator("table.records tbody").getByRole("row").filter({ hasText: "patient" }).first();
  await record.getByRole("link").first().click();
  await see(page, page.getByText("1 record on this page"));
  const own = page.locator("table.records tbody").getByRole("row");
  assert.equal(await own.count(), 1);
  await page.getByRole("link", { name: "Send again", exact: true }).press("Enter");
  await see(page, page.getByText("1 update of 1 person in 1 visit, for 1 record."));
  await page.getByLabel("Reason").fill(BLANKS);
  await page.getByRole("button", { name: "Send 1 update again" }).press("Enter");
  await see(page, page.getByRole("alert").filter({ hasText: "Nothing was done. Say why" }));
  await assertIsWrong(page.getByLabel("Reason"), { typed: BLANKS, told: SAY_WHY });
  await assertAccessible(page, "what is sent again, without a reason");
  await page.getByLabel("Reason").fill("the light looks wrong on the ward");
  await page.getByRole("button", { name: "Send 1 update again" }).press("Enter");
  await see(page, page.getByText("They are on their way"));
  await until("it to be on record", 20_000, async () => (await records()).filter(({ resend }) => resend).length === 3);
  assert.deepEqual([...operator.complaints, ...provider.complaints, ...patient.complaints], []);
  for (const someone of [operator, provider, patient]) await someone.leave();
});

test("what Epic is told is paused on the page of a visit, and resumed on that of a group visit", async () => {
  const [provider, operator] = [await person(browser), await person(browser)];
  const { visits } = await (await fetch(`${demo.fakes}/demo/api/day`)).json();
  const group = visits.find((visit) => visit.group);
  const started = await provider.newPage();
  await started.goto(demo.fakes + group.providers[0].launch);
  await arrive(started, /\/zoom\/s\//);
  const page = await operator.newPage();
  await page.goto(`${demo.service}/visits/lakeside/${(await visitOfTheDay(demo, 1)).csn}`);
  const pause = page.getByRole("form", { name: "Pause the updates to Epic" });
  await pause.getByLabel("Reason").fill("Epic is upgraded tonight");
  await pause.getByRole("button", { name: "Pause" }).press("Enter");
  await see(page, page.getByRole("status").filter({ hasText: "The notifier is paused." }));
  assert.match(page.url(), /\/visits\/lakeside\//, "they are still at their visit");
  await assertAccessible(page, "a visit of an organization that is paused");
  const board = await operator.newPage();
  await board.goto(`${demo.service}/ops`);
  await board.getByRole("rowheader", { name: group.conference_id }).getByRole("link").first().click();
  await see(board, board.getByRole("heading", { level: 1, name: `Group visit ${group.conference_id}` }));
  assert.match(board.url(), /\/group-visits\/lakeside\//);
  await see(board, board.getByRole("rowheader", { name: "provider" }));
  await see(board, board.getByText("Epic is upgraded tonight"));
  await assertAccessible(board, "a group visit");
  await board.setViewportSize(SMALL_PHONE);
  await assertFits(board, "a group visit on a small phone");
  const resume = board.getByRole("form", { name: "Resume the updates to Epic" });
  await resume.getByLabel("Reason").fill("the upgrade is done");
  await resume.getByRole("button", { name: "Resume" }).press("Enter");
  await see(board, board.getByRole("status").filter({ hasText: "The notifier goes on." }));
  assert.match(board.url(), /\/group-visits\/lakeside\//);
  await see(board, board.getByRole("form", { name: "Pause the updates to Epic" }));
  assert.deepEqual([...provider.complaints, ...operator.complaints], []);
  await Promise.all([provider.leave(), operator.leave()]);
});
