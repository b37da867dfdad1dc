/** Messages that a consumer gets, to be awaited one after another. */

import type { ConsumeMessage } from 'amqplib';

export class MessageStream {
  readonly #messages: ConsumeMessage[] = [];
  #waiter: ((message: ConsumeMessage) => void) | undefined;

  /** Messages that came and were not yet taken. */
  get waiting(): number {
    return this.#messages.length;
  }

  /** The callback for `channel.consume`. */
  readonly push = (message: ConsumeMessage | null): void => {
    if (message === null) throw new Error('the consumer was cancelled');
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#messages.push(message);
    else waiter(message);
  };

  /** The next message, at once or when it comes. */
  next(): Promise<ConsumeMessage> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  /** The next `count` messages. */
  async take(count: number): Promise<ConsumeMessage[]> {
    const taken: ConsumeMessage[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }
}
