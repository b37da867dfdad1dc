/**
 * The contract of an exchange: what the vhost, the routes and listings see of it.
 *
 * There are two: the default exchange, which looks up queues by name, and `BoundExchange`, which keeps bindings and
 * leaves the matching to the `Router` of its type. A new exchange type is a new router and a line in types.ts.
 */

import type { Region } from '../../base/bytes.ts';
import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, RoutedQueue } from '../binding.ts';
import type { TargetSet } from './target-set.ts';

/** What a client declares; two declarations are equivalent when all but the id agree. */
export interface ExchangeDeclaration {
  /** Differs from exchange to exchange within a broker, a deleted and declared again one included. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

export interface Exchange<Q extends RoutedQueue = RoutedQueue> extends ExchangeDeclaration {
  /** The name in UTF-8. */
  readonly nameBytes: Region;
  /**
   * Rises whenever an answer of `route` may change, so that whoever keeps an answer can tell that it is old.
   *
   * An exchange that hands on to another one must rise with it: once exchanges are destinations, each keeps the set of
   * exchanges that route into it and raises theirs, transitively and each once, with its own.
   */
  readonly epoch: number;
  /** False when a queue may come or go without the epoch rising, as for the default exchange. */
  readonly epochCoversQueues: boolean;
  /** False when the answer depends on more of the message than its routing key, so that it cannot be kept. */
  readonly routesByKeyOnly: boolean;
  readonly isDeleted: boolean;
  /** No bindings: an auto-delete exchange goes when this becomes true by an unbind. */
  readonly isUnused: boolean;
  /** Oldest first. */
  readonly bindings: Iterable<Binding<Q>>;
  readonly bindingCount: number;
  /** There is a binding to this destination. */
  isBoundTo(destination: Q): boolean;

  /**
   * @returns false when there is such a binding already: same destination, key and arguments.
   * @throws BrokerError when this exchange cannot have such a binding; nothing has changed then.
   */
  bind(binding: Binding<Q>): boolean;
  /**
   * @returns the binding that was removed, or undefined when there was none.
   * @throws BrokerError on the default exchange.
   */
  unbind(destination: Q, key: string, bindingArguments: FieldTable): Binding<Q> | undefined;
  /** Removes all bindings to a destination that goes away. @returns those removed. */
  unbindAll(destination: Q): readonly Binding<Q>[];
  /** Adds the queues for a routing key. */
  route(key: string, into: TargetSet<Q>): void;
  /** The exchange goes away, and its bindings with it. @throws BrokerError on the default exchange. */
  delete(): void;
}
