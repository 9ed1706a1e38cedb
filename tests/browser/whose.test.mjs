// Who somebody in the meeting is, as the provider says who hears them, or an operator who asked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, DESKTOP, launchBrowser, PHONE, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { dialsIn, lightIsOn, startFromHyperspace, visitOfTheDay, waitingPatient } from "./support/visits.mjs";

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

test("a provider says whose telephone it is, and the patient's light goes on", async () => {
  const visit = await visitOfTheDay(demo, 1);
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser, { viewport: SMALL_PHONE })];
  // Their phone's browser cannot go in, so that they ring up.
  await (await waitingPatient(patient, demo, 1)).close();
  const started = await startFromHyperspace(provider, demo, 1);
  await arrive(started, /\/zoom\/s\//);
  const page = await provider.context.newPage();
  await page.goto(`${demo.fakes}/demo/launch/visit-tools/${visit.csn}/${visit.providers[0].external_id}`);
  await page.getByRole("row", { name: /Provider.*In the meeting/ }).waitFor();
  await dialsIn(demo, started, "+15550100123");
  // The page renews itself.
  const whose = page.getByRole("region", { name: "Who is this?" });
  await whose.getByText("Telephone").waitFor();
  await assertAccessible(page, "the tools with a telephone");
  await assertFits(page, "the tools with a telephone");
  assert.equal(await lightIsOn(demo, visit.csn), false);
  await whose.getByLabel("This is").selectOption({ label: `${visit.patient.name} (Patient)` });
  await whose.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  assert.equal(await whose.getByLabel("This is").locator("option:checked").textContent(), `${visit.patient.name} (Patient)`);
  await until("the light of the patient", 10_000, () => lightIsOn(demo, visit.csn));
  // An operator can take it back and say it again, from the board.
  const operator = await person(browser, { viewport: DESKTOP });
  const board = await operator.newPage();
  await board.goto(`${demo.service}/visits/lakeside/${visit.csn}`);
  await board.getByLabel("This is").selectOption({ label: "nobody of these" });
  await board.getByRole("form", { name: /Telephone/ }).getByLabel("Reason").fill("the provider rang up");
  await board.getByRole("button", { name: "Save" }).click();
  await board.getByText("Saved. The light follows.").waitFor();
  await until("the patient's light to go out", 10_000, async () => !(await lightIsOn(demo, visit.csn)));
  await board.goto(`${demo.service}/ops`);
  await board.getByRole("link", { name: "Who is this?" }).click();
  await arrive(board, /\/visits\/lakeside\/[^/]+#who$/);
  await assertAccessible(board, "the page of a visit with a telephone");
  await assertFits(board, "the page of a visit with a telephone");
  await board.getByLabel("This is").selectOption({ label: `Patient ${visit.patient.external_id}` });
  await board.getByRole("form", { name: /Telephone/ }).getByLabel("Reason").fill("the provider rang up");
  await board.getByRole("button", { name: "Save" }).click();
  await board.getByText("Saved. The light follows.").waitFor();
  await until("the light of the patient again", 10_000, () => lightIsOn(demo, visit.csn));
  await board.setViewportSize(SMALL_PHONE);
  await assertFits(board, "the page of a visit on a small phone");
  assert.deepEqual(operator.complaints, []);
  assert.deepEqual([...provider.complaints, ...patient.complaints], []);
});
