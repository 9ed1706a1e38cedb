// Administrators make an organization on its page, change it, go back, hand it over as a file and remove it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { assertAccessible, assertFits, assertIsWrong, launchBrowser, person, see, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { typedFor } from "./support/organization.mjs";

/** The checks try every outside thing; on a busy machine that takes its time. */
const CHECKED_WITHIN = 60_000;
/** A picture of one dot, as PNG. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
/** Administrators, each with a name of their own, and so with drafts of their own. */
const ADMINISTRATORS = ["ann", "ben"];
const token = (name) => `a-token-of-${name}-0123456789abcdef0123456789`;

let demo;
let browser;
let someone;
let page;

before(async () => {
  const environment = { VESTIBULE__ACCESS__MODE: "token", VESTIBULE__ORGANIZATION__LAKESIDE__ENVIRONMENT: "production" };
  for (const name of ADMINISTRATORS) {
    const grant = `VESTIBULE__ACCESS__GRANT__${name.toUpperCase()}__`;
    Object.assign(environment, { [`${grant}TOKEN`]: token(name), [`${grant}ROLE`]: "administrator", [`${grant}ORGANIZATIONS`]: '["*"]' });
  }
  demo = await startDemo({ environment });
  browser = await launchBrowser();
  someone = await person(browser);
  page = await signsIn(someone, "ann");
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function signsIn({ newPage }, name) {
  const at = await newPage();
  await at.goto(`${demo.service}/sign-in?next=%2Fadmin`);
  await at.getByLabel("Access token").fill(token(name));
  await at.getByRole("button", { name: "Sign in" }).click();
  await see(at, at.getByRole("heading", { level: 1, name: "Set-up in Epic" }));
  return at;
}

const field = (label, at = page) => at.getByLabel(label, { exact: true });
const saving = (at = page) => at.getByRole("form", { name: "Save the draft" });
const banner = (text, at = page) => at.getByRole("status").filter({ hasText: text });

/** On a machine that is busy with other things what a check asks may answer too late; then it is made again. */
async function check(at = page) {
  for (const isLast of [false, false, true]) {
    const button = at.getByRole("button", { name: "Check", exact: true });
    await Promise.all([at.waitForEvent("load", { timeout: CHECKED_WITHIN }), button.click()]);
    await see(at, at.getByRole("heading", { name: "Your draft" }));
    if (isLast || (await at.getByText("does not answer").count()) === 0) return;
  }
}

async function save(at = page) {
  await saving(at).getByRole("button", { name: "Save" }).click();
  await see(at, banner("It is in force on every node within two seconds.", at));
}

async function isServed(expected) {
  await until(`the key set to be ${expected}`, 5_000, async () => {
    const { status } = await fetch(`${demo.service}/epic/riverside/jwks.json`);
    return status === expected;
  });
}

test("an organization is made by filling in a form, and what is wrong stands beside its field", async () => {
  await page.goto(`${demo.service}/admin`);
  await page.getByLabel("Its id").fill("riverside");
  await page.getByRole("button", { name: "Begin" }).click();
  await see(page, page.getByText("There is no such organization so far."));
  await page.getByText("Zoom", { exact: true }).click();
  const said = await typedFor(demo);
  for (const [label, text] of Object.entries(said)) await field(label).fill(text);
  await field("Epic FHIR R4 Base URL").fill("ftp://nowhere");
  await check();
  const wrong = page.locator(".setting", { has: field("Epic FHIR R4 Base URL") });
  await see(page, wrong.locator(".problem"));
  assert.equal(await field("Epic FHIR R4 Base URL").getAttribute("aria-invalid"), "true");
  assert.equal(await saving().count(), 0);
  await assertAccessible(page, "settings with a mistake");
  await field("Epic FHIR R4 Base URL").fill(said["Epic FHIR R4 Base URL"]);
  assert.equal(await field("zoom.client_secret").getAttribute("placeholder"), "given; stays as it is");
  await check();
  await see(page, page.getByRole("row").filter({ hasText: "zoom: token" }).getByText("pass"));
  assert.equal(await field("zoom.client_secret").inputValue(), "", "a secret is never shown");
  await save();
  await isServed(200);
});

test("whether tests or patients are seen stands on top of an organization's page, and looks different", async () => {
  const colours = [];
  for (const [id, banner, words] of [
    ["lakeside", "production", "Production Real patients are seen here."],
    ["riverside", "test", "Test No patient is seen here."],
  ]) {
    await page.goto(`${demo.service}/admin/${id}`);
    await see(page, page.getByRole("main").locator(`[data-environment=${banner}]`).filter({ hasText: words }));
    assert.equal(await page.locator("[data-environment]").count(), 1);
    await assertAccessible(page, `an organization for ${banner}`);
    colours.push(await page.locator("[data-environment]").evaluate((shown) => getComputedStyle(shown).borderColor + getComputedStyle(shown).backgroundColor));
  }
  assert.notEqual(colours[0], colours[1]);
});

test("a change shows its difference, and a version that was left can be gone back to", async () => {
  await field("Patient Admittance Policy").selectOption("manual");
  await check();
  const changed = page.getByRole("region", { name: "Differences" }).getByRole("row").filter({ hasText: "admittance" });
  await see(page, changed.getByText("manual"));
  await save();
  await page.getByRole("link", { name: "1", exact: true }).click();
  await page.getByRole("button", { name: "Go back to version 1" }).click();
  await see(page, page.getByRole("heading", { name: "Your draft" }), { timeout: CHECKED_WITHIN });
  await save();
  assert.equal(await field("Patient Admittance Policy").inputValue(), "");
});

test("settings whose checks fail are saved by force alone, with a reason, and are marked so among the versions", async () => {
  await field("zoom.client_secret").fill("not-the-secret");
  await check();
  await see(page, banner("Some checks failed."));
  await see(page, page.getByRole("row").filter({ hasText: "zoom: token" }).getByText("fail", { exact: true }));
  await assertAccessible(page, "a draft whose checks failed");
  const force = saving().getByRole("checkbox", { name: /^Save although (1 check|\d+ checks) failed$/ });
  const press = () => saving().getByRole("button", { name: "Save" }).click();
  const version = await page.locator('input[name="base"]').first().inputValue();
  await saving().getByLabel("Reason").fill("Zoom is down, the rest has to go on");
  await press();
  assert.ok(await force.evaluate((box) => box.validity.valueMissing), "the browser asks for the box first");
  await force.check();
  await saving().getByLabel("Reason").fill("");
  await press();
  assert.ok(await saving().getByLabel("Reason").evaluate((text) => text.validity.valueMissing), "and for a reason");
  await page.reload();
  assert.equal(await page.locator('input[name="base"]').first().inputValue(), version, "nothing was saved");
  await force.check();
  await saving().getByLabel("Reason").fill("    ");
  await press();
  await see(page, page.getByRole("alert").filter({ hasText: "Nothing was done." }));
  await assertIsWrong(saving().getByLabel("Reason"), { typed: "    ", told: /^Say why: 3 to 200 characters/ });
  assert.ok(await force.isChecked(), "the box stays ticked");
  await assertAccessible(page, "a draft that is to be forced without a reason");
  await page.setViewportSize(SMALL_PHONE);
  await assertFits(page, "a draft that is to be forced without a reason");
  await page.setViewportSize({ width: 1280, height: 800 });
  await saving().getByLabel("Reason").fill("Zoom is down, the rest has to go on");
  await save();
  await see(page, page.getByText(/^Saved although checks failed: .*zoom: token/));
  await field("zoom.client_secret").fill("demo-zoom-client-secret");
  await check();
  await save();
  assert.equal(await page.getByText("Saved although checks failed:").count(), 0, "the next one is not marked");
  const marked = page.getByRole("region", { name: "Versions before" }).getByRole("row").filter({ hasText: "although failed: " });
  assert.equal(await marked.count(), 1);
  assert.match(await marked.innerText(), /\bann\b.*Zoom is down, the rest has to go on \(although failed: .*zoom: token/s);
});

test("of two who save at once the second is shown what the first changed, keeps what they typed, and goes on", async () => {
  const other = await person(browser);
  const theirs = await signsIn(other, "ben");
  await theirs.goto(`${demo.service}/admin/riverside`);
  await page.goto(`${demo.service}/admin/riverside`);
  await field("Patient Admittance Policy").selectOption("manual");
  await field("time_zone", theirs).fill("America/Denver");
  await check();
  await check(theirs);
  await save();
  await saving(theirs).getByRole("button", { name: "Save" }).click();
  await see(theirs, banner("Somebody else has saved since you began. Nothing was changed", theirs));
  await see(theirs, theirs.getByRole("heading", { name: "Somebody else has changed since you began" }));
  assert.equal(await saving(theirs).count(), 0, "nothing is saved over it unseen");
  const changed = (name) => theirs.getByRole("region", { name }).locator("tbody").getByRole("row").allInnerTexts();
  assert.deepEqual(await changed("Somebody else has changed since you began"), ["admittance\tnot set\tmanual"]);
  assert.deepEqual(await changed("What you change"), ["time_zone\tAmerica/Chicago\tAmerica/Denver"]);
  assert.equal(await field("time_zone", theirs).inputValue(), "America/Denver");
  await assertAccessible(theirs, "a draft that somebody else was faster than");
  await theirs.setViewportSize(SMALL_PHONE);
  await assertFits(theirs, "a draft that somebody else was faster than");
  await theirs.getByRole("button", { name: "Put my changes over theirs" }).click();
  await see(theirs, saving(theirs), { timeout: CHECKED_WITHIN });
  await save(theirs);
  await page.reload();
  assert.equal(await field("Patient Admittance Policy").inputValue(), "manual", "the first's change stays");
  assert.equal(await field("time_zone").inputValue(), "America/Denver");
  await see(page, page.getByText(/^Version \d+, saved by ben /));
  assert.deepEqual(other.complaints, []);
  await other.leave();
});

test("while checks and a save are under way the page says so and sends nothing twice", async () => {
  const checks = page.getByRole("form", { name: "Settings", exact: true }).getByRole("button", { name: "Check", exact: true });
  const saves = page.getByRole("form", { name: "Save the draft" }).getByRole("button", { name: "Save" });
  for (const [press, act, said, goesOn] of [
    [checks, "check", "Checking… this can take up to 45 seconds.", check],
    [saves, "save", "Saving…", save],
  ]) {
    const told = page.getByRole("status").filter({ hasText: said });
    const busy = page.locator("form[aria-busy=true]");
    await holdForms();
    assert.equal(await told.count(), 0);
    await press.click();
    await see(page, told);
    assert.equal(await busy.count(), 1);
    await assertAccessible(page, `settings, ${act} under way`);
    await press.click();
    await press.press("Enter");
    const sent = await page.evaluate(() => globalThis.sent.map((url) => new URL(url).pathname));
    assert.deepEqual(sent, [`/admin/riverside/settings/${act}`]);
    // Whoever comes back to the page as the browser kept it finds it ready.
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    assert.deepEqual([await told.count(), await busy.count()], [0, 0]);
    await page.evaluate(() => globalThis.letGo());
    await goesOn();
  }
});

/** Keeps the forms of the page from being sent, and notes those that would be. */
async function holdForms() {
  await page.evaluate(() => {
    globalThis.sent = [];
    const held = (event) => {
      if (!event.defaultPrevented) globalThis.sent.push(event.target.action);
      event.preventDefault();
    };
    addEventListener("submit", held);
    globalThis.letGo = () => removeEventListener("submit", held);
  });
}

test("what cannot be an id stays in its field, with what is wrong beside it", async () => {
  const shown = await someone.newPage();
  await shown.goto(`${demo.service}/admin`);
  const form = shown.getByRole("form", { name: "Another organization" });
  // The service says so where the browser does not.
  await form.evaluate((one) => {
    one.noValidate = true;
  });
  await form.getByLabel("Its id").fill("River Side");
  await form.getByRole("button", { name: "Begin" }).press("Enter");
  await see(shown, form.getByText("This cannot be an id"));
  await assertIsWrong(form.getByLabel("Its id"), { typed: "River Side", told: /^This cannot be an id: it has lower-case letters/ });
  await assertAccessible(shown, "what cannot be an id");
  await shown.setViewportSize(SMALL_PHONE);
  await assertFits(shown, "what cannot be an id");
  await shown.close();
});

test("a file goes out without secrets and comes back as a draft", async () => {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export as a file" }).click(),
  ]);
  const file = await readFile(await download.path(), "utf8");
  assert.match(file, /\[organization\.riverside\]/);
  assert.doesNotMatch(file, /demo-zoom-client-secret|PRIVATE KEY/);
  const changed = { name: "riverside.toml", mimeType: "application/toml", buffer: Buffer.from(file.replace("Riverside Clinic", "Riverside Hospital")) };
  await page.getByLabel("Choose a file").setInputFiles(changed);
  await page.getByRole("button", { name: "Import" }).click();
  await see(page, page.getByRole("heading", { name: "Your draft" }), { timeout: CHECKED_WITHIN });
  await save();
  await until("the new name", 5_000, async () => {
    await page.reload();
    return (await page.getByRole("heading", { level: 1 }).innerText()) === "Riverside Hospital";
  });
});

test("a logo is chosen from a file and stands before the name on what people see", async () => {
  await page.getByText("Visits, pages and patients").click();
  const picture = { name: "logo.png", mimeType: "image/png", buffer: Buffer.from(DOT, "base64") };
  await page.getByLabel("Choose a picture").setInputFiles(picture);
  await until("the picture to be written out", 5_000, async () => (await field("logo").inputValue()) === `data:image/png;base64,${DOT}`);
  await check();
  const changed = page.getByRole("region", { name: "Differences" }).getByRole("row").filter({ hasText: "logo" });
  await see(page, changed.getByText(`image/png, ${picture.buffer.length} B`));
  await save();
  const shown = await someone.newPage();
  await shown.goto(`${demo.service}/epic/riverside/launch/nonsense?iss=x&launch=y`);
  const width = await shown.locator("img.logo").evaluate(async (image) => {
    await image.decode();
    return image.naturalWidth;
  });
  assert.equal(width, 1);
  await shown.close();
});

test("the page is accessible and fits a small phone and a wide screen, in light and dark", async () => {
  for (const [viewport, colorScheme] of [
    [SMALL_PHONE, "light"],
    [{ width: 2560, height: 1440 }, "dark"],
  ]) {
    const other = await person(browser, { viewport, colorScheme });
    await signsIn(other, "ben");
    for (const path of ["/admin/riverside", "/admin/riverside/versions/2", "/admin/lakeside"]) {
      const shown = await other.newPage();
      await shown.goto(demo.service + path);
      await assertAccessible(shown, path);
      await assertFits(shown, path);
    }
    assert.deepEqual(other.complaints, []);
    await other.leave();
  }
});

test("whoever reads Spanish is told in Spanish what came of a button, and of a version", async () => {
  const other = await person(browser);
  const shown = await signsIn(other, "ben");
  await shown.goto(`${demo.service}/admin/riverside?lang=es`);
  for (const [form, button, note] of [
    ["Poner en pausa los avisos a Epic", "Poner en pausa", "Los avisos a Epic están en pausa."],
    ["Reanudar los avisos a Epic", "Reanudar", "Los avisos a Epic continúan."],
  ]) {
    const asked = shown.getByRole("form", { name: form });
    await asked.getByRole("textbox").fill("Epic se actualiza");
    await asked.getByRole("button", { name: button }).click();
    await see(shown, shown.getByRole("status").filter({ hasText: note }));
  }
  await shown.getByRole("button", { name: "Comprobar", exact: true }).click();
  await see(shown, shown.getByRole("heading", { name: "Su borrador" }), { timeout: CHECKED_WITHIN });
  await see(shown, shown.getByRole("row").filter({ hasText: "zoom: token" }).getByText("correcto"));
  await assertAccessible(shown, "a draft in Spanish");
  await shown.getByRole("button", { name: "Descartar el borrador" }).click();
  await see(shown, shown.getByRole("status").filter({ hasText: "Su borrador se ha descartado." }));
  await shown.getByRole("link", { name: "2", exact: true }).click();
  await see(shown, shown.getByRole("heading", { level: 1, name: "riverside, versión 2" }));
  await see(shown, shown.getByRole("region", { name: "Diferencias" }).getByRole("columnheader", { name: "Antes" }));
  await see(shown, shown.getByRole("button", { name: "Volver a la versión 2" }));
  await shown.getByRole("link", { name: "English" }).click();
  await see(shown, shown.getByRole("heading", { level: 1, name: "riverside, version 2" }));
  assert.deepEqual(other.complaints, []);
  await other.leave();
});

test("the API key is regenerated with a reason, and the organization removed by writing its id", async () => {
  const replace = page.getByRole("form", { name: "Replace the API key" });
  const says = { typed: "    ", told: /^Say why: 3 to 200 characters/ };
  await replace.getByLabel("Reason").fill(says.typed);
  await replace.getByRole("button", { name: "Regenerate" }).press("Enter");
  await see(page, page.getByRole("alert").filter({ hasText: "Nothing was done." }));
  await assertIsWrong(replace.getByLabel("Reason"), says);
  await assertAccessible(page, "settings, a form without a reason");
  await replace.getByLabel("Reason").fill("it was in a mail");
  await replace.getByRole("button", { name: "Regenerate" }).click();
  await see(page, page.getByRole("status").filter({ hasText: "The API key is replaced." }));
  assert.notEqual(await field("Zoom API Key").inputValue(), "FirstKey");
  // What Epic's administrators paste names the account besides the key, since a line with the key alone is refused now.
  const key = await field("Zoom API Key").inputValue();
  await page.getByRole("link", { name: "Set-up in Epic" }).last().click();
  await see(page, page.getByRole("heading", { level: 1, name: /^FDI records of / }));
  const line = await page.locator("#provider-account").innerText();
  assert.equal(new URL(line).searchParams.get("acc_id"), "RiversideAccount");
  await see(page, page.getByText("The API key was regenerated: a record with org_id alone is refused"));
  assert.ok(line.includes(key), line);
  await assertAccessible(page, "FDI records after the key was regenerated");
  await page.goto(`${demo.service}/admin/riverside`);
  const remove = page.getByRole("form", { name: "Remove the organization" });
  await remove.getByLabel("The id again").fill("riverside");
  await remove.getByLabel("Reason").fill(says.typed);
  await remove.getByRole("button", { name: "Remove" }).press("Enter");
  await see(page, page.getByRole("alert").filter({ hasText: "Nothing was done." }));
  await assertIsWrong(remove.getByLabel("Reason"), says);
  assert.equal(await remove.getByLabel("The id again").inputValue(), "riverside");
  // As it comes from a browser that does not hold on to the field's pattern.
  await remove.evaluate((form) => {
    form.noValidate = true;
  });
  await remove.getByLabel("The id again").fill("lakeside");
  await remove.getByLabel("Reason").fill("the clinic has closed");
  await remove.getByRole("button", { name: "Remove" }).press("Enter");
  await see(page, remove.getByText("Write the organization's id to remove it."));
  await assertIsWrong(remove.getByLabel("The id again"), { typed: "lakeside", told: /^Write the organization's id to remove it/ });
  assert.equal(await remove.getByLabel("Reason").inputValue(), "the clinic has closed");
  await assertAccessible(page, "settings, another id than that of the organization");
  await remove.getByLabel("The id again").fill("riverside");
  await remove.getByRole("button", { name: "Remove" }).click();
  await see(page, page.getByRole("status").filter({ hasText: "The organization is removed." }));
  await isServed(404);
  assert.deepEqual(someone.complaints, []);
});
