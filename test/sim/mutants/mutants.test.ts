/** The simulator finds what it is there to find: every mutant within a few seeds. */

import { expect, test } from 'vitest';
import { firstFinding } from '../first-finding.ts';
import { runSeed } from '../run-seed.ts';
import { MUTANTS } from './mutants.ts';

const SEEDS_MAX = 20;
const STEPS = 10_000;

test.each(MUTANTS)('finds $name', { timeout: 60_000 }, (mutant) => {
  const found = firstFinding(mutant, SEEDS_MAX, (seed, change) => runSeed({ seed, steps: STEPS, change }));
  expect(found).toMatch(mutant.foundAs);
});
