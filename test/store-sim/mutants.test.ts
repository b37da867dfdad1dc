/** The simulator of the store finds what it is there to find: every mutant within a few seeds. */

import { expect, test } from 'vitest';
import { MUTANTS, type Mutant } from './mutants.ts';
import { runSeed } from './run-seed.ts';

const SEEDS_MAX = 60;
const STEPS = 1500;

test.each(MUTANTS)('finds $name', { timeout: 180_000 }, (mutant) => {
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
