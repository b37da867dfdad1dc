/** The simulator of the store finds what it is there to find: every mutant within a few seeds. */

import { expect, test } from 'vitest';
import { firstFinding } from '../sim/first-finding.ts';
import { MUTANTS } from './mutants.ts';
import { runSeed } from './run-seed.ts';

const SEEDS_MAX = 60;
const STEPS = 1500;

test.each(MUTANTS)('finds $name', { timeout: 180_000 }, (mutant) => {
  const found = firstFinding(mutant, SEEDS_MAX, (seed, change) => runSeed({ seed, steps: STEPS, change }));
  expect(found).toMatch(mutant.foundAs);
});
