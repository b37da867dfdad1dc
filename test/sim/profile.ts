/** What differs from seed to seed, so that rare things are frequent in some of them. */

import type { Random } from '../../src/base/random.ts';
import type { DeliverAt } from '../../src/core/ports.ts';
import type { PlanOptions } from './clients/plan-world.ts';

export interface Profile extends PlanOptions {
  readonly connectionsMax: number;
  /** Deliveries of one turn. */
  readonly budgetMax: number;
  readonly outputBytesMax: number;
  /** One in so many of what could be cut is. */
  readonly cutOdds: number;
  /** Of the log. */
  readonly deliverAt: DeliverAt;
  /** Flushes until a record is durable. */
  readonly flushesLateMax: number;
  /** One in so many of the log's silences begins. */
  readonly lostOdds: number;
  /** One in so many chunks of a queue leaves memory. */
  readonly pageOdds: number;
}

export function profileOf(random: Random, seed: number): Profile {
  const isDeep = random.below(5) === 0;
  return {
    connectionsMax: 2 + random.below(4),
    budgetMax: pick(random, isDeep ? [30, 300, 5000] : [1, 3, 30, 300, 5000]),
    outputBytesMax: pick(random, [1000, 10_000, 100_000, 1_000_000]),
    cutOdds: pick(random, [1, 3, 20, 200]),
    deliverAt: deliverAtOf(seed),
    flushesLateMax: pick(random, [0, 1, 4, 20]),
    lostOdds: pick(random, [2, 20]),
    pageOdds: pick(random, [1, 2]),
    largeOdds: pick(random, [20, 100, 500]),
    burstMax: isDeep ? 5000 : pick(random, [20, 60, 200]),
    consumeOdds: isDeep ? pick(random, [2, 20]) : 1,
    ruinOdds: isDeep ? 4 : pick(random, [1, 3]),
  };
}

/** Not by chance, so that seeds that once found something still do what they did. */
function deliverAtOf(seed: number): DeliverAt {
  return seed % 7 === 0 || seed % 7 === 4 ? 'commit' : 'append';
}

function pick(random: Random, from: readonly number[]): number {
  return from[random.below(from.length)] ?? 1;
}
