/** The store with crashes, five thousand new seeds long. */

import { expect, test } from 'vitest';
import { Episodes, runNewSeeds } from './seeds.ts';

const SEEDS = Number(process.env.SIM_SEEDS ?? 5000);
/** Every day others. */
const FIRST = Math.floor(Date.now() / 86_400_000) * 1_000_000;

test(`what the store has said to be durable survives ${SEEDS} seeds from ${FIRST} on`, () => {
  const episodes = new Episodes();
  runNewSeeds(FIRST, SEEDS, Number.POSITIVE_INFINITY, episodes);
  console.log(String(episodes));
  expect(episodes.missing).toEqual([]);
});
