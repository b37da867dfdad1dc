/**
 * Single active consumer: of a queue's consumers one is given all messages, until it leaves. Then comes the one with the
 * highest priority, of several the one that has waited longest; a higher priority does not take over before.
 */

import type { QueueConsumer } from './queue.ts';

export class SingleActive {
  #active: QueueConsumer | undefined;

  isActive(consumer: QueueConsumer): boolean {
    return this.#active === consumer;
  }

  joined(consumer: QueueConsumer): void {
    this.#active ??= consumer;
  }

  /**
   * @param waiting those who stay, in the order in which they joined
   * @returns the one who is active from now on, when it has changed
   */
  left(consumer: QueueConsumer, waiting: Iterable<QueueConsumer>): QueueConsumer | undefined {
    if (this.#active !== consumer) return undefined;
    let next: QueueConsumer | undefined;
    for (const candidate of waiting) if (next === undefined || candidate.priority > next.priority) next = candidate;
    this.#active = next;
    return next;
  }
}
