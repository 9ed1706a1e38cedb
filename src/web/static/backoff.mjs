// Growing pauses with full jitter, so that a thousand pages that lost their server do not come back at once.

/**
 * @param {{first: number, most: number, random?: () => number}} limits in milliseconds
 */
export function backoff({ first, most, random = Math.random }) {
  let failures = 0;
  return {
    /** The pause before the next try: between half of and the whole current step. */
    next() {
      const step = Math.min(most, first * 2 ** Math.min(failures, 16));
      failures += 1;
      return Math.round(step / 2 + (step / 2) * random());
    },
    reset() {
      failures = 0;
    },
    get failures() {
      return failures;
    },
  };
}
