/**
 * What becomes of a delivered message, one by one or very many in steps.
 *
 * hot path: flat memory
 */

import { unreachable } from '../../base/assert.ts';
import type { MessageHandle } from '../ports.ts';
import type { Task } from '../pump.ts';
import { SETTLE_REASONS } from '../records.ts';
import type { Queue } from './queue.ts';
import { TAGS_PER_CHUNK, type TagChunk } from './tag-chunk.ts';

/** `ack`: done. `requeue`: back to its place. `reject`: not wanted here, dead-lettered where the queue says so. */
export type Outcome = 'ack' | 'requeue' | 'reject';

/** Knows the holders of entries by their slots. */
export interface Holders {
  /** An entry has left its holder. @returns where the message belongs. */
  settled(slot: number): { readonly queue: Queue };
}

export function settleEntry(
  unacked: Holders,
  message: MessageHandle,
  slot: number,
  sequence: number,
  outcome: Outcome,
): void {
  const queue = unacked.settled(slot).queue;
  switch (outcome) {
    case 'ack':
      return queue.settle(message, sequence, SETTLE_REASONS.acked);
    case 'requeue':
      return queue.requeue(message, sequence);
    case 'reject':
      return queue.settle(message, sequence, SETTLE_REASONS.rejected);
    default:
      return unreachable(outcome);
  }
}

/** So many entries in the first step of a task, and twice as many in each one after it. */
const FIRST_STEP = 512;

/**
 * Settles whole chunks of tags, a part of them in each turn. The first parts are small: the code is seldom needed, and may
 * have to be compiled, until when an entry takes ten times as long.
 */
export class SettleTask implements Task {
  readonly #unacked: Holders;
  readonly #chunks: readonly (TagChunk | undefined)[];
  readonly #outcome: Outcome;
  #chunk = 0;
  #entry = 0;
  #stepMax = FIRST_STEP;

  /** @param chunks undefined where all are settled */
  constructor(unacked: Holders, chunks: readonly (TagChunk | undefined)[], outcome: Outcome) {
    this.#unacked = unacked;
    this.#chunks = chunks;
    this.#outcome = outcome;
  }

  get isDone(): boolean {
    return this.#chunk === this.#chunks.length;
  }

  /** Settles up to `budget` entries, oldest first. @returns true when all are done. */
  step(budget: number): boolean {
    const limit = Math.min(budget, this.#stepMax);
    this.#stepMax *= 2;
    for (let left = limit; left > 0 && !this.isDone; left--) this.#next();
    return this.isDone;
  }

  /** Settles all entries at once. */
  finish(): void {
    while (!this.isDone) this.#next();
  }

  #next(): void {
    const chunk = this.#chunks[this.#chunk];
    if (chunk === undefined) {
      this.#chunk++;
      return;
    }
    const entry = this.#entry++;
    if (chunk.has(entry)) {
      const slot = chunk.clear(entry);
      settleEntry(this.#unacked, chunk.handle(entry), slot, chunk.sequence(entry), this.#outcome);
    }
    if (this.#entry < TAGS_PER_CHUNK) return;
    chunk.giveBack();
    this.#entry = 0;
    this.#chunk++;
  }
}
