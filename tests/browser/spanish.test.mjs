// The pages for those who run the service in a browser that asks for Spanish: whole, and not half of them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arrive, assertAccessible, assertFits, DESKTOP, launchBrowser, PHONE, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo, until } from "./support/demo.mjs";
import { dialsIn, epicFaults, makesLink, opensTools, refused, refusedByEpic, startFromHyperspace, visitOfTheDay, waitingPatient } from "./support/visits.mjs";

const RECORDS = "Registros de notificaciones";
const SEND_AGAIN = "Enviar a Epic de nuevo";
const PAGES = [
  { name: "index", path: "/", heading: "Vestibule" },
  { name: "sign-in", path: "/sign-in", heading: "Iniciar sesión", guarded: true },
  { name: "emergency access", path: "/sign-in/break-glass", heading: "Acceso de emergencia", guarded: true },
  { name: "board", path: "/ops", heading: "Visitas en curso", shows: "espera al anfitrión" },
  { name: "wall", path: "/ops?wall=dark", heading: "Visitas por video ahora", shows: "Paciente: Esperando" },
  { name: "downtime list", path: "/downtime/lakeside", heading: /^Lakeside Health: visitas por video del/ },
  { name: "set-up", path: "/admin", heading: "Configuración en Epic" },
  { name: "FDI records", path: "/admin/lakeside/fdi", heading: "Registros FDI de Lakeside Health" },
  { name: "settings", path: "/admin/lakeside", heading: "Lakeside Health" },
  { name: "settings of a new organization", path: "/admin/riverside", heading: "riverside" },
  { name: "Zoom account", path: "/admin/lakeside/zoom", heading: "Cuenta de Zoom de Lakeside Health" },
  { name: "audit", path: "/audit?organization=lakeside", heading: "Auditoría de Lakeside Health" },
  { name: "audit of the service", path: "/audit?action=signed_in", heading: "Auditoría del servicio" },
  { name: "audit, bad search", path: "/audit?organization=lakeside&from=soon&csn=%C3%A9", heading: "Auditoría de Lakeside Health" },
  { name: "records", path: "/records", heading: RECORDS },
  { name: "records, bad search", path: "/records?organization=lakeside&meeting_id=12", heading: RECORDS },
  { name: "records, nothing found", path: "/records?organization=lakeside&csn=99999", heading: RECORDS },
  { name: "nothing to send again", path: "/records/resend?organization=lakeside&csn=99999", heading: SEND_AGAIN },
  { name: "error", path: "/epic/callback?code=x&state=forged", heading: "Este enlace ha caducado" },
];
/** What is the same in every language: names, what Epic, Zoom and programs call things, and words that both languages have. */
const SAME = /^(Vestibule|Lakeside Health:?|lakeside|riverside|Zoom|Epic|CSN|CONTEXT|Client ID|Type|Model Record|Patient ID Type|Redirect URI|JWK Set URL|OAuth redirect URL|Event notification endpoint URL|\d \w+( \w+)*|URL.*|EMP\d+|RespCode|INVALID-USER-ID|[\d: -]+ (UTC|ms)|\/records\?.*|node-.*|manual)$/;

let demo;
let guardedDemo;
let browser;

before(async () => {
  demo = await startDemo();
  const environment = {
    VESTIBULE__ACCESS__MODE: "token",
    VESTIBULE__ACCESS__TOKENS: JSON.stringify(["a-token-for-the-browser-tests-0123456789"]),
    VESTIBULE__ACCESS__BREAK_GLASS__TOKEN: "emergency-secret-in-a-sealed-envelope",
  };
  guardedDemo = await startDemo({ environment });
  browser = await launchBrowser();
  await waitingPatient(await person(browser), demo);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await guardedDemo?.stop();
});

/** Everything that a page says, to the eye and to a screen reader. */
function said(page) {
  return page.evaluate(() => {
    const texts = new Set();
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const within = node.parentElement;
      // What a setting may be is what stands in a settings file.
      if (!within.closest("code, time, script, style, noscript, [lang]:not(html), .setting option:not([value=''])")) texts.add(node.textContent);
    }
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      for (const element of document.querySelectorAll(`[${name}]:not(.setting *)`)) texts.add(element.getAttribute(name));
    }
    return Array.from(texts, (text) => text.replace(/\s+/g, " ").trim()).filter((text) => /\p{L}{2}/u.test(text));
  });
}

async function visited(locale, { path, guarded = false, shows }, viewport) {
  const someone = await person(browser, { locale, viewport });
  const page = await someone.newPage();
  await page.goto((guarded ? guardedDemo : demo).service + path);
  if (shows) await page.getByText(shows).first().waitFor();
  return { page, someone };
}

/** The page in Spanish, on a small phone, after it was compared with the English one. */
async function inSpanishThroughout(one) {
  const { page, someone } = await visited("es-MX", one, SMALL_PHONE);
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
  await page.getByRole("heading", { level: 1, name: one.heading }).waitFor();
  await assertFits(page, one.name);
  await assertAccessible(page, one.name);
  const spanish = new Set(await said(page));
  assert.deepEqual(someone.complaints, []);
  const english = await visited("en-US", { ...one, shows: one.shows && /waiting/i });
  assert.equal(await english.page.locator("html").getAttribute("lang"), "en");
  const left = (await said(english.page)).filter((text) => spanish.has(text) && !SAME.test(text));
  assert.deepEqual(left, [], `English on the Spanish ${one.name}`);
  await english.someone.leave();
  return { page, someone };
}

for (const one of PAGES) {
  test(`${one.name} is in Spanish throughout`, async () => {
    const { someone } = await inSpanishThroughout(one);
    await someone.leave();
  });
}

test("a visit with its timeline and all that can be done about it is in Spanish throughout, and stays so", async () => {
  const visit = await visitOfTheDay(demo, 1);
  const [patient, provider] = [await person(browser), await person(browser, { viewport: DESKTOP })];
  const waiting = await waitingPatient(patient, demo, 1);
  await epicFaults(demo, "POST", { call: "status", kind: "refuse", code: "INVALID-USER-ID" });
  const started = await startFromHyperspace(provider, demo, 1);
  await arrive(started, /\/zoom\/s\//);
  await arrive(waiting, /\/zoom\//);
  await dialsIn(demo, started, "+15550100123");
  await makesLink(await opensTools(provider, demo, visit), "Ada");
  await refused(demo, 2);
  await epicFaults(demo, "DELETE");
  const path = `/visits/lakeside/${visit.csn}`;
  const { page, someone } = await inSpanishThroughout({ name: "visit", path, heading: `Visita ${visit.csn}` });
  const who = `Paciente ${visit.patient.external_id}`;
  for (const part of [`${who} abrió la visita.`, "La visita pasa a la fase «en curso».", `meeting.participant_joined: ${who}.`, "Zoom avisó de meeting.participant_joined: un teléfono, dispositivo"]) {
    await page.locator("table.timeline").getByText(part).first().waitFor();
  }
  for (const name of [/^Teléfono, /, /^Enlace de hace \d+ min$/, "Terminar la reunión", "Crear la reunión de nuevo", `${who} ha entrado`]) {
    await page.getByRole("form", { name }).waitFor();
  }
  const end = page.getByRole("form", { name: "Terminar la reunión" });
  await end.getByLabel("Motivo").fill("llamaron de la planta");
  await end.getByRole("button", { name: "Terminar para todos" }).press("Enter");
  await page.getByRole("status").getByText("La reunión se está terminando para todos.").waitFor();
  await arrive(page, /\/visits\/lakeside\/\d+\?lang=es$/);
  await until("the end to be told", 20_000, async () => {
    await page.reload();
    const lines = await page.locator("table.timeline tbody td:nth-child(2)").allInnerTexts();
    return ["terminó la reunión para todos: hecho. Motivo: llamaron de la planta.", "La visita pasa a la fase «terminada»."].every((part) => lines.some((line) => line.includes(part)));
  });
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: `Visit ${visit.csn}` }).waitFor();
  assert.deepEqual(someone.complaints, []);
  await Promise.all([someone, patient, provider].map((one) => one.leave()));
});

test("records that Epic refused are found, explained and sent again in Spanish throughout", async () => {
  const [patient, provider] = [await person(browser, { viewport: PHONE }), await person(browser, { viewport: DESKTOP })];
  const { search, records } = await refusedByEpic(patient, provider, demo, 2);
  for (const one of [
    { name: "records", path: `/records?${search}`, heading: RECORDS },
    { name: "what is sent again", path: `/records/resend?${search}`, heading: SEND_AGAIN },
  ]) {
    await (await inSpanishThroughout(one)).someone.leave();
  }
  // The browser is English, and the links and forms keep the language that the address says.
  const operator = await person(browser, { viewport: SMALL_PHONE });
  const page = await operator.newPage();
  await page.goto(`${demo.service}/records?${search}&lang=es`);
  await page.getByLabel("Resultado").selectOption("apartado");
  await page.getByRole("button", { name: "Buscar" }).press("Enter");
  await page.getByText("2 registros en esta página").waitFor();
  assert.match(page.url(), /outcome=parked/);
  assert.equal(await page.locator("tbody [lang=en]").count(), 0, "each hint and each check has a translation");
  await page.getByText("Epic no conoce a esta persona en esta visita.").first().waitFor();
  await page.getByText("Compruebe en este orden").first().press("Enter");
  await page.getByText("Mire si externalid en la línea CONTEXT").first().waitFor();
  await assertAccessible(page, "refused records in Spanish");
  await assertFits(page, "refused records in Spanish");
  await page.getByRole("link", { name: "Enviar todos estos de nuevo" }).press("Enter");
  await page.getByText("2 avisos de 2 personas en 1 visita, por 2 registros.").waitFor();
  await page.getByLabel("Motivo").fill("Epic ya conoce los ID");
  await page.getByRole("button", { name: "Enviar 2 avisos de nuevo" }).press("Enter");
  await page.getByText("Los avisos van en camino").waitFor();
  await assertAccessible(page, "what was sent again in Spanish");
  await assertFits(page, "what was sent again in Spanish");
  await until("both to be on record", 20_000, async () => (await records()).filter(({ resend }) => resend).length === 2);
  await page.getByRole("link", { name: "English" }).press("Enter");
  await page.getByText("They are on their way").waitFor();
  await page.getByRole("link", { name: "Look at the records" }).press("Enter");
  await page.getByText("records on this page").waitFor();
  assert.deepEqual([...operator.complaints, ...provider.complaints, ...patient.complaints], []);
  for (const someone of [operator, provider, patient]) await someone.leave();
});

test("the switch leads to the other language and back, and the way through the pages keeps it", async () => {
  const someone = await person(browser, { locale: "en-US" });
  const page = await someone.newPage();
  await page.goto(`${demo.service}/ops`);
  await page.getByRole("link", { name: "Español" }).click();
  await page.getByRole("heading", { level: 1, name: "Visitas en curso" }).waitFor();
  await page.getByRole("rowheader").getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: /^Visita / }).waitFor();
  await page.getByRole("link", { name: "Configuración en Epic" }).click();
  await page.getByRole("heading", { level: 1, name: "Configuración en Epic" }).waitFor();
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: "Set-up in Epic" }).waitFor();
  await someone.leave();
});
