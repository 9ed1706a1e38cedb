// The pages for those who run the service in a browser that asks for Spanish: whole, and not half of them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertFits, launchBrowser, person, SMALL_PHONE } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { waitingPatient } from "./support/visits.mjs";

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
  { name: "error", path: "/epic/callback?code=x&state=forged", heading: "Este enlace ha caducado" },
];
/** What is the same in every language: names, what Epic, Zoom and programs call things, and words that both languages have. */
const SAME = /^(Vestibule|Lakeside Health|lakeside|riverside|Zoom|Epic|CSN|CONTEXT|Client ID|Type|Model Record|Patient ID Type|Redirect URI|JWK Set URL|OAuth redirect URL|Event notification endpoint URL|\d \w+( \w+)*|URL.*|EMP\d+|[\d:]+ UTC|node-.*|manual)$/;

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

for (const one of PAGES) {
  test(`${one.name} is in Spanish throughout`, async () => {
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
    await someone.leave();
    await english.someone.leave();
  });
}

test("the switch leads to the other language and back, and the way through the pages keeps it", async () => {
  const someone = await person(browser, { locale: "en-US" });
  const page = await someone.newPage();
  await page.goto(`${demo.service}/ops`);
  await page.getByRole("link", { name: "Español" }).click();
  await page.getByRole("heading", { level: 1, name: "Visitas en curso" }).waitFor();
  await page.getByRole("link", { name: "Configuración en Epic" }).click();
  await page.getByRole("heading", { level: 1, name: "Configuración en Epic" }).waitFor();
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: "Set-up in Epic" }).waitFor();
  await someone.leave();
});
