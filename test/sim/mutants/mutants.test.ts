/** The simulator finds what it is there to find: every mutant within a few seeds. */

import { expect, test } from 'vitest';
import { runSeed } from '../run-seed.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const SEEDS_MAX = 20;
const STEPS = 10_000;

test.each(MUTANTS)('finds $name', { timeout: 60_000 }, (mutant) => {
  expect(findingsOf(mutant)).toMatch(mutant.foundAs);
});

/** What the first seed said that found something. */
function findingsOf(mutant: Mutant): string {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    let restore = (): void => undefined;
    try {
      runSeed({
        seed,
        steps: STEPS,
        change: (world) => {
          restore = mutant.apply(world);
        },
      });
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      restore();
    }
  }
  return `nothing in ${SEEDS_MAX} seeds`;
}
