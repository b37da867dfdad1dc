/**
 * The whole broker with many clients, from seeds: those of seeds.txt, which once found something, and new ones. A failing
 * seed prints the command that runs it again.
 */

import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { runSeed } from './run-seed.ts';

const STEPS = Number(process.env.SIM_STEPS ?? 10_000);
const NEW_SEEDS = Number(process.env.SIM_SEEDS ?? 200);
/** On a machine that has other things to do. */
const SEED_MS_MAX = 3000;
/** New seeds every hour, so that machines and days try different ones. */
const FIRST_NEW_SEED = Math.floor(Date.now() / 3_600_000) * 1000;

const oneSeed = process.env.SIM_SEED;
const known = oneSeed === undefined ? readSeeds() : [{ seed: Number(oneSeed), why: 'as asked for' }];
const newCount = oneSeed === undefined ? NEW_SEEDS : 0;

describe('the simulated broker keeps its promises', () => {
  test.each(known)('with seed $seed: $why', { timeout: 60_000 }, ({ seed }) => run(seed));

  test.runIf(newCount > 0)(
    `with ${newCount} new seeds from ${FIRST_NEW_SEED} on, ${STEPS} steps each`,
    { timeout: NEW_SEEDS * SEED_MS_MAX },
    () => {
      for (let seed = FIRST_NEW_SEED; seed < FIRST_NEW_SEED + newCount; seed++) run(seed);
    },
  );
});

function run(seed: number): void {
  try {
    runSeed({ seed, steps: STEPS });
  } catch (thrown) {
    const steps = STEPS === 10_000 ? '' : ` --steps ${STEPS}`;
    throw new Error(`seed ${seed} found something; run it again with: npm run sim -- --seed ${seed}${steps}`, {
      cause: thrown,
    });
  }
}

/** One seed a line, then why it is there. */
function readSeeds(): { readonly seed: number; readonly why: string }[] {
  const lines = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8').split('\n');
  return lines
    .filter((line) => /^\d/.test(line))
    .map((line) => ({ seed: Number.parseInt(line, 10), why: line.replace(/^\d+\s*/, '') }));
}
