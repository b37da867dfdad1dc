/** Everything that the simulator of the store is there for happens, within a few seeds; what is rare, within some more. */

import { expect, test } from 'vitest';
import { Episodes } from './seeds.ts';

const SEEDS = 60;
const SEEDS_MAX = 300;

test('brings about every end, each state of the log, each fault of the disk, and each outcome of damage', () => {
  const episodes = new Episodes();
  for (let seed = 1; seed <= SEEDS; seed++) episodes.run(seed);
  for (let seed = SEEDS + 1; seed <= SEEDS_MAX && episodes.missing.length > 0; seed++) episodes.run(seed);

  expect(episodes.missing).toEqual([]);
}, 300_000);
