/** One seed, one run: without that no failing seed could be run again. */

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { runSeed } from './run-seed.ts';

test('the same seed makes the broker write the same bytes on every connection', () => {
  expect(bytesOf(7)).toBe(bytesOf(7));
});

test('another seed makes other bytes', () => {
  expect(bytesOf(8)).not.toBe(bytesOf(7));
});

/** A digest of all that the broker wrote, with the connections in the order in which it wrote to them. */
function bytesOf(seed: number): string {
  const digest = createHash('sha256');
  runSeed({
    seed,
    steps: 5000,
    change: (world) => {
      world.onOutput = (connection, bytes) => void digest.update(`${connection}`).update(bytes);
    },
  });
  return digest.digest('hex');
}
