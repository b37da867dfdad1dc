/**
 * Up to where the messages of a durable queue may be delivered whose log delivers at commit: their publishes must be durable,
 * and besides, the log must know of the delivery first, as of any other: see delivery-mark.ts.
 *
 * A publish cannot be waited for on its own, because a queue does not keep tickets. But tickets become durable in order: when
 * the newest ticket of a moment is durable, so is all that was in the queue at that moment.
 */

import type { DurabilityWaiter, Log } from '../ports.ts';
import { DeliveryMark, type MarkedQueue, type MarkingLog } from './delivery-mark.ts';

/** What a mark needs of its queue. */
export interface CommittingQueue extends MarkedQueue {
  /** The sequence of the message that came last, or would have come before the first; its record is appended. */
  readonly newestSequence: number;
}

/** What it needs of the log. */
export type CommittingLog = MarkingLog & Pick<Log, 'durable' | 'whenDurable'>;

export class CommitMark implements DurabilityWaiter {
  /** Beyond this `mayDeliver` is to be asked; hot path. */
  check = 0;
  readonly #queue: CommittingQueue;
  readonly #log: CommittingLog;
  readonly #mark: DeliveryMark;
  /** Durable, and on its way to be. */
  #committed = 0;
  #awaited = 0;

  constructor(queue: CommittingQueue, log: CommittingLog) {
    this.#queue = queue;
    this.#log = log;
    this.#mark = new DeliveryMark(queue, log);
  }

  /** As `DeliveryMark.restore`. What the queue has got back is not delivered before the log is certain of it either. */
  restore(upTo: number): void {
    this.#mark.restore(upTo);
    this.#await();
  }

  /** May the persistent message at `sequence` be delivered now? If not, `queue.resume` is called when it may. */
  mayDeliver(sequence: number): boolean {
    const mark = this.#mark;
    // First, so that the log is asked for both at once.
    const isMarked = sequence <= mark.check || mark.mayDeliver(sequence);
    if (sequence > this.#committed) this.#await();
    if (!isMarked || sequence > this.#committed) return false;
    this.check = Math.min(this.#committed, mark.check);
    return true;
  }

  durabilityReached(): void {
    this.#committed = this.#awaited;
    // What has come meanwhile is asked for at once: the batch that it stands in is about to be written.
    this.#await();
    this.#queue.resume();
  }

  /** Unless it is waited for, or there is nothing: an answer must be that to the newest question. */
  #await(): void {
    const { newestSequence } = this.#queue;
    if (this.#awaited > this.#committed || newestSequence === this.#committed) return;
    const { appended, durable } = this.#log;
    this.#awaited = newestSequence;
    // On a full disk publishes may be overtaken: that the log has saved what came after them is not enough.
    if (appended > durable) this.#log.whenDurable(appended, this);
    else this.#committed = newestSequence;
  }
}
