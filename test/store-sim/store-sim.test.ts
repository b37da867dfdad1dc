/**
 * The store with crashes, from seeds: those of seeds.txt, which once found something, and new ones. A failing seed prints
 * the command that runs it again.
 */

import { describe, expect, test } from 'vitest';
import { knownSeeds, runNewSeeds, runReported, STEPS } from './seeds.ts';

const NEW_SEEDS = Number(process.env.SIM_SEEDS ?? 200);
/** New seeds stop here, however many there were: machines differ. */
const NEW_SEEDS_MS = 60_000;
/** New seeds every hour, so that machines and days try different ones. */
const FIRST_NEW_SEED = Math.floor(Date.now() / 3_600_000) * 10_000;

const oneSeed = process.env.SIM_SEED;
const known = oneSeed === undefined ? knownSeeds() : [{ seed: Number(oneSeed), why: 'as asked for' }];
const newCount = oneSeed === undefined ? NEW_SEEDS : 0;

describe('what the store has said to be durable survives', () => {
  test.each(known)('with seed $seed: $why', { timeout: 60_000 }, ({ seed }) => {
    runReported(seed);
  });

  test.runIf(newCount > 0)(
    `with ${newCount} new seeds from ${FIRST_NEW_SEED} on, ${STEPS} steps each, or as many as there is time for`,
    { timeout: 600_000 },
    () => {
      expect(runNewSeeds(FIRST_NEW_SEED, newCount, NEW_SEEDS_MS)).toBeGreaterThan(0);
    },
  );
});

describe('the simulator of the store', () => {
  test('makes the same history of the same seed', () => {
    const [one, same, other] = [7, 7, 8].map((seed) => {
      const { history, disk } = runReported(seed);
      return JSON.stringify([...history.episodes(disk), disk.usedBytes, ...[...disk.list()].sort()]);
    });

    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });
});
