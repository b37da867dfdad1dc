/**
 * The outcome of routing one (exchange, routing key): the queues, until something changes.
 *
 * A route also names where a message came from (`MessageOrigin`): its id stands in message heads as a hint by which
 * deliveries tell messages with the same exchange and key without comparing bytes.
 */

import type { Region } from '../base/bytes.ts';
import type { RoutedExchange, RoutedQueue } from './binding.ts';
import type { Exchange } from './exchange/exchange.ts';

/** The id of routes made after the 32 bits have run out: says nothing about the exchange and key. */
export const NO_ROUTE_ID = 0;

const NO_KEYS: readonly string[] = [];

export class Route<Q extends RoutedQueue = RoutedQueue> {
  /** 1 to 2^32 - 1, never used for another route, or `NO_ROUTE_ID`. */
  readonly id: number;
  readonly exchange: Exchange<Q>;
  /** The routing key as text: for bindings and logs. What was received is `keyBytes`. */
  readonly key: string;
  readonly keyBytes: Region;
  readonly queues: readonly Q[];
  /** Of CC and BCC: only the route of one message has any. */
  readonly moreKeys: readonly string[];
  /** The queues depend on the headers: ask `RouteSource.askFor` with those of each message. */
  readonly needsMessage: boolean;
  /** The exchange's epoch when this was the answer. */
  readonly epoch: number;
  /** The other exchanges on the way, and the sum of their epochs: these only rise. */
  readonly #through: readonly RoutedExchange<Q>[];
  readonly #throughEpochs: number;
  /** There is more to look at than the exchange's epoch. */
  readonly #dependsOnMore: boolean;

  /** @param keyBytes the key alone, in memory that nobody writes to any more */
  constructor(
    id: number,
    exchange: Exchange<Q>,
    key: string,
    keyBytes: Region,
    queues: readonly Q[],
    through: readonly RoutedExchange<Q>[] = [],
    needsMessage = false,
    moreKeys = NO_KEYS,
  ) {
    this.id = id;
    this.exchange = exchange;
    this.key = key;
    this.keyBytes = keyBytes;
    this.queues = queues;
    this.moreKeys = moreKeys;
    this.needsMessage = needsMessage;
    this.epoch = exchange.epoch;
    this.#through = through;
    this.#throughEpochs = sumOfEpochs(through);
    this.#dependsOnMore = !exchange.epochCoversQueues || through.length > 0;
  }

  /** The exchange's name in UTF-8. */
  get exchangeBytes(): Region {
    return this.exchange.nameBytes;
  }

  /** The same exchange and key with other queues: for one message. */
  withQueues(queues: readonly Q[], moreKeys = NO_KEYS): Route<Q> {
    return new Route(this.id, this.exchange, this.key, this.keyBytes, queues, [], false, moreKeys);
  }

  /** The exchange may answer otherwise now. Hot path. */
  get isStale(): boolean {
    return this.epoch !== this.exchange.epoch || (this.#dependsOnMore && this.#isOvertaken());
  }

  #isOvertaken(): boolean {
    if (!this.exchange.epochCoversQueues && !this.#standsByItself()) return true;
    return this.#through.length > 0 && sumOfEpochs(this.#through) !== this.#throughEpochs;
  }

  /** For an exchange whose epoch says nothing about queues: none has gone, and one that was missing may be there. */
  #standsByItself(): boolean {
    for (const queue of this.queues) if (queue.isDeleted) return false;
    return this.queues.length > 0;
  }
}

function sumOfEpochs(exchanges: readonly { readonly epoch: number }[]): number {
  let sum = 0;
  for (const { epoch } of exchanges) sum += epoch;
  return sum;
}
