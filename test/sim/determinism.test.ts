/** One seed, one run: without that no failing seed could be run again. */

import { expect, test } from 'vitest';
import { runSeed } from './run-seed.ts';

test('the same seed makes the broker write the same bytes', () => {
  const first = runSeed({ seed: 7, steps: 3000 });
  const second = runSeed({ seed: 7, steps: 3000 });

  expect(second.bytesHash).toBe(first.bytesHash);
  expect(second.messages.length).toBe(first.messages.length);
});

test('another seed makes other bytes', () => {
  expect(runSeed({ seed: 8, steps: 3000 }).bytesHash).not.toBe(runSeed({ seed: 7, steps: 3000 }).bytesHash);
});
