/**
 * What an act has to work with: chance, what differs from seed to seed, what there is, and the names that all clients
 * draw from small pools, so that they meet.
 */

import type { Random } from '../../../src/base/random.ts';
import type { SimMessage } from '../message.ts';
import type { ModelExchanges } from '../model/exchanges.ts';
import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';

/** What differs from seed to seed. */
export interface PlanOptions {
  /** Body sizes: one in so many is large. */
  readonly largeOdds: number;
  /** Messages that one burst publishes at most. */
  readonly burstMax: number;
  /** One in so many acts takes something down that others use (delete, purge). */
  readonly ruinOdds: number;
  /** One in so many attempts to consume is made. */
  readonly consumeOdds: number;
}

export interface PlanWorld {
  readonly random: Random;
  readonly messages: SimMessage[];
  readonly plan: PlanOptions;
  /** What there is, so that most acts have something to act on. */
  readonly model: { readonly queues: ReadonlyMap<string, unknown>; readonly exchanges: ModelExchanges };
}

/** Something that a client does on one of its channels. */
export type Act = (world: PlanWorld, client: SimClient, channel: ClientChannel) => void;

export const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5'];
/** Exclusive: for all but one connection a refusal. */
export const PRIVATE = 'private';
export const KEYS = ['a', 'b', 'a.b', 'a.b.c', 'b.c'];
export const PATTERNS = [...KEYS, '#', '*', 'a.*', '*.b', 'a.#', '#.c', 'a.#.c'];

/** True once in `odds` times. */
export function happens({ random }: PlanWorld, odds: number): boolean {
  return random.below(odds) === 0;
}

export function pick<T>({ random }: PlanWorld, from: readonly T[]): T {
  const [first] = from;
  const picked = from[random.below(from.length)] ?? first;
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

/** A queue for a client to use: one of those that all share, or one of its own. */
export function pickQueue(world: PlanWorld, client: SimClient): string {
  if (happens(world, 60)) return PRIVATE;
  const isOwn = client.ownQueues.length > 0 && happens(world, 6);
  return pick(world, isOwn ? client.ownQueues : QUEUES);
}
