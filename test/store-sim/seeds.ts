/** Which seeds are run, and what is said of one that finds something. */

import { readFileSync } from 'node:fs';
import { runSeed } from './run-seed.ts';
import type { StoreWorld } from './store-world.ts';

const DEFAULT_STEPS = 1500;
export const STEPS = Number(process.env.SIM_STEPS ?? DEFAULT_STEPS);

/** @returns the world at its end. @throws Error with the command that runs the seed again */
export function runReported(seed: number): StoreWorld {
  try {
    return runSeed({ seed, steps: STEPS });
  } catch (thrown) {
    const steps = STEPS === DEFAULT_STEPS ? '' : ` --steps ${STEPS}`;
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`seed ${seed}: ${said}\nrun it again with: npm run sim:store -- --seed ${seed}${steps}`, {
      cause: thrown,
    });
  }
}

/** What has happened in several worlds together. */
export class Episodes {
  readonly #counts = new Map<string, number>();

  /** @throws Error with the command that runs the seed again */
  run(seed: number): void {
    const { history, disk } = runReported(seed);
    for (const [name, count] of history.episodes(disk)) {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    }
  }

  /** What has never happened. */
  get missing(): string[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([name]) => name);
  }

  /** Whatever there is to say of a long run. */
  toString(): string {
    return [...this.#counts].map(([name, count]) => `${name} ${count}`).join(', ');
  }
}

/** @returns how many there was time for */
export function runNewSeeds(first: number, count: number, milliseconds: number, episodes = new Episodes()): number {
  const end = performance.now() + milliseconds;
  let seed = first;
  while (seed < first + count && performance.now() < end) episodes.run(seed++);
  return seed - first;
}

/** One seed a line of seeds.txt, then why it is there. */
export function knownSeeds(): { readonly seed: number; readonly why: string }[] {
  const lines = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8').split('\n');
  return lines
    .filter((line) => /^\d/.test(line))
    .map((line) => ({ seed: Number.parseInt(line, 10), why: line.replace(/^\d+\s*/, '') }));
}
