/**
 * A channel's transaction as the checkers know it: what was published and settled in it, which happens with the commit
 * and not at all with a rollback.
 */

import type { SimMessage } from '../message.ts';
import type { ModelQueue } from './queue.ts';

export type Outcome = 'ack' | 'requeue' | 'reject';

export interface HeldPublish<Q = ModelQueue> {
  readonly message: SimMessage;
  /** Where it was routed when it was published. */
  readonly queues: ReadonlySet<Q>;
}

export interface HeldSettle {
  readonly tags: readonly number[];
  readonly outcome: Outcome;
  /** The broker does it in steps. */
  readonly isMany: boolean;
}

export class ModelTransaction<Q = ModelQueue> {
  readonly publishes: HeldPublish<Q>[] = [];
  readonly settles: HeldSettle[] = [];
  /** All tags of `settles`: they are outstanding, but may not be settled again. */
  readonly settledTags = new Set<number>();

  publish(message: SimMessage, queues: ReadonlySet<Q>): void {
    this.publishes.push({ message, queues });
  }

  settle(settle: HeldSettle): void {
    this.settles.push(settle);
    for (const tag of settle.tags) this.settledTags.add(tag);
  }

  /** The next one begins. */
  clear(): void {
    this.publishes.length = 0;
    this.settles.length = 0;
    this.settledTags.clear();
  }
}
