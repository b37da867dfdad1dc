/**
 * The outcome of routing one (exchange, routing key): the queues, until something changes.
 *
 * A route also names where a message came from (`MessageOrigin`): its id stands in message heads as a hint by which
 * deliveries tell messages with the same exchange and key without comparing bytes.
 */

import type { Region } from '../base/bytes.ts';
import type { RoutedQueue } from './binding.ts';
import type { Exchange } from './exchange/exchange.ts';

/** The id of routes made after the 32 bits have run out: says nothing about the exchange and key. */
export const NO_ROUTE_ID = 0;

export class Route<Q extends RoutedQueue = RoutedQueue> {
  /** 1 to 2^32 - 1, never used for another route, or `NO_ROUTE_ID`. */
  readonly id: number;
  readonly exchange: Exchange<Q>;
  /** The routing key as text: for bindings and logs. What was received is `keyBytes`. */
  readonly key: string;
  readonly keyBytes: Region;
  readonly queues: readonly Q[];
  /** The exchange's epoch when this was the answer. */
  readonly epoch: number;

  /** @param keyBytes the key alone, in memory that nobody writes to any more */
  constructor(id: number, exchange: Exchange<Q>, key: string, keyBytes: Region, queues: readonly Q[]) {
    this.id = id;
    this.exchange = exchange;
    this.key = key;
    this.keyBytes = keyBytes;
    this.queues = queues;
    this.epoch = exchange.epoch;
  }

  /** The exchange's name in UTF-8. */
  get exchangeBytes(): Region {
    return this.exchange.nameBytes;
  }

  /** The exchange may answer otherwise now. Hot path. */
  get isStale(): boolean {
    return this.epoch !== this.exchange.epoch || (!this.exchange.epochCoversQueues && !this.#standsByItself);
  }

  /** For an exchange whose epoch says nothing about queues: none has gone, and one that was missing may be there. */
  get #standsByItself(): boolean {
    for (const queue of this.queues) if (queue.isDeleted) return false;
    return this.queues.length > 0;
  }
}
