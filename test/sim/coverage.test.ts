/** What the workload is there for does happen, within a few seeds: a check of something that never comes is none. */

import { beforeAll, expect, test } from 'vitest';
import { SIGHTS, type Sight } from './model/sightings.ts';
import { runSeed } from './run-seed.ts';

const SEEDS = 20;
const STEPS = 10_000;

const seen = new Map<Sight, number>();

beforeAll(() => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { model } = runSeed({ seed, steps: STEPS });
    for (const sight of SIGHTS) seen.set(sight, (seen.get(sight) ?? 0) + model.seen.count(sight));
  }
}, 120_000);

test.each(SIGHTS)('clients bring about %s', (sight) => {
  expect(seen.get(sight)).toBeGreaterThan(0);
});
