// When a page that renews itself looks again.

import assert from "node:assert/strict";
import { before, test } from "node:test";

let Renewal;

before(async () => {
  globalThis.document = { hidden: false, addEventListener() {} };
  ({ Renewal } = await import("../../../src/web/static/parts.mjs"));
});

test("whoever asks all the time does not put the look off, and looks do not follow one another at once", async () => {
  const looks = [];
  const renewal = new Renewal(async () => looks.push(performance.now()), 60_000);
  const asking = setInterval(() => renewal.soon(), 50);
  while (looks.length < 2) await new Promise((resume) => setTimeout(resume, 20));
  clearInterval(asking);
  renewal.stop();
  assert.ok(looks[1] - looks[0] >= 1_400, `${looks[1] - looks[0]} ms after the first`);
});

test("what is stopped while it looks does not look again, unless it is asked anew", async () => {
  let looks = 0;
  let goOn;
  const renewal = new Renewal(() => {
    looks += 1;
    return new Promise((resume) => (goOn = resume));
  }, 10);
  const looked = async (count) => {
    while (looks < count) await new Promise((resume) => setTimeout(resume, 10));
  };
  renewal.soon();
  await looked(1);
  renewal.stop();
  goOn();
  await new Promise((resume) => setTimeout(resume, 50));
  assert.equal(looks, 1);
  renewal.soon();
  await looked(2);
  renewal.stop();
  renewal.soon();
  goOn();
  await looked(3);
  renewal.stop();
  goOn();
});
