/**
 * Up to where the messages of a durable queue may be delivered: the log must know it first, so that what comes back after a
 * crash says truly that it is redelivered.
 *
 * The mark is raised in blocks, well before it is reached. Where it had to be waited for all the same, blocks grow.
 */

import type { DurabilityWaiter, Log } from '../ports.ts';

/** Messages of a block: few, because after a crash all of them count as delivered. */
const FIRST_BLOCK = 64;
const BLOCK_MAX = 16_384;

/** What a mark needs of its queue. */
export interface MarkedQueue {
  readonly id: number;
  /** Goes on with deliveries. */
  resume(): void;
}

/** What it needs of the log. */
export type MarkingLog = Pick<Log, 'appended' | 'saved' | 'watermark' | 'whenSaved'>;

export class DeliveryMark implements DurabilityWaiter {
  /** Beyond this `mayDeliver` is to be asked; hot path. */
  check = 0;
  readonly #queue: MarkedQueue;
  readonly #log: MarkingLog;
  /** Known to the log, and on its way to be. */
  #durable = 0;
  #raised = 0;
  #block = FIRST_BLOCK;
  #isWaiting = false;
  #hasGrown = false;

  constructor(queue: MarkedQueue, log: MarkingLog) {
    this.#queue = queue;
    this.#log = log;
  }

  /** The log knows of deliveries up to here, from before a restart. What it found may have to become durable first. */
  restore(upTo: number): void {
    const { appended, saved } = this.#log;
    this.#raised = upTo;
    if (upTo > 0 && appended > saved) {
      this.#isWaiting = true;
      this.#log.whenSaved(appended, this);
    } else {
      this.#durable = upTo;
      this.check = upTo;
    }
  }

  /** May the persistent message at `sequence` be delivered now? If not, `queue.resume` is called when it may. */
  mayDeliver(sequence: number): boolean {
    if (!this.#isWaiting) this.#raise(sequence);
    if (sequence <= this.#durable) return true;
    this.#grow();
    return false;
  }

  durabilityReached(): void {
    this.#isWaiting = false;
    this.#setDurable(this.#raised);
    this.#queue.resume();
  }

  #raise(sequence: number): void {
    this.#raised = Math.max(sequence, this.#durable) + this.#block;
    const ticket = this.#log.watermark(this.#queue.id, sequence, this.#raised);
    if (ticket === 0) return this.#setDurable(this.#raised);
    this.#isWaiting = true;
    this.#hasGrown = false;
    // Until the log answers, what it knows already is all there is.
    this.check = this.#durable;
    this.#log.whenSaved(ticket, this);
  }

  /** Somebody waits: next time the log is asked earlier. Once for each answer of the log. */
  #grow(): void {
    if (!this.#hasGrown) this.#block = Math.min(2 * this.#block, BLOCK_MAX);
    this.#hasGrown = true;
  }

  #setDurable(upTo: number): void {
    this.#durable = upTo;
    this.check = upTo - Math.floor(this.#block / 2);
  }
}
