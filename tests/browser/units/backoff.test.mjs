// The pauses between tries grow, stay within their limits and begin again after a success.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "../../../src/web/static/backoff.mjs";

test("pauses double up to the limit and never leave half to whole of the step", () => {
  for (const chance of [0, 0.5, 0.999]) {
    const pause = backoff({ first: 1_000, most: 8_000, random: () => chance });
    const steps = [1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
    for (const step of steps) {
      const wait = pause.next();
      assert.ok(wait >= step / 2 && wait <= step, `${wait} for step ${step}`);
    }
  }
});

test("a success starts over", () => {
  const pause = backoff({ first: 100, most: 10_000, random: () => 1 });
  pause.next();
  pause.next();
  assert.equal(pause.failures, 2);
  pause.reset();
  assert.equal(pause.next(), 100);
});

test("a thousand failures stay finite", () => {
  const pause = backoff({ first: 100, most: 10_000, random: () => 1 });
  for (let i = 0; i < 1_000; i += 1) pause.next();
  assert.equal(pause.next(), 10_000);
});
