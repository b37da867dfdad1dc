/**
 * Direct replies as they should be: each reply consumer has an address of its own, which the broker writes into every
 * request of its channel, and what is sent there comes to that consumer and nobody else, as long as it is there.
 */

import { check } from '../failure.ts';
import type { SimMessage } from '../message.ts';
import type { SimQueue } from './channel.ts';
import { ModelQueue } from './queue.ts';

export class ModelReplies {
  /** By the number of each request: where its replies go. */
  readonly #asked = new Map<number, SimQueue>();
  readonly #byAddress = new Map<string, SimQueue>();

  /** What one reply consumer gets comes from here; the name, its address, is known with the first request that arrives. */
  makeQueue(): SimQueue {
    return new ModelQueue('', { durable: false, autoDelete: true, owner: undefined });
  }

  asked(request: SimMessage, queue: SimQueue): void {
    this.#asked.set(request.id, queue);
  }

  /** The broker has written an address into a request. */
  addressed(request: SimMessage, address: string): void {
    const queue = this.#asked.get(request.id);
    check(queue !== undefined, () => `message ${request.id} came with an address, though it asked for none`);
    if (queue.name === '') {
      check(!this.#byAddress.has(address), () => `two reply consumers have the address '${address}'`);
      queue.name = address;
      this.#byAddress.set(address, queue);
    }
    check(queue.name === address, () => `request ${request.id} came with '${address}' instead of '${queue.name}'`);
  }

  /** @returns where messages for an address go; undefined when nobody waits there. */
  find(address: string): SimQueue | undefined {
    const queue = this.#byAddress.get(address);
    return queue?.isDeleted === false ? queue : undefined;
  }

  /** All whose address is known, those of consumers that are gone included. */
  get queues(): Iterable<SimQueue> {
    return this.#byAddress.values();
  }
}
