/**
 * The contract of an exchange: what the vhost, the routes and listings see of it.
 *
 * There are two: the default exchange, which looks up queues by name, and `BoundExchange`, which keeps bindings and
 * leaves the matching to the `Router` of its type. A new exchange type is a new router and a line in types.ts.
 */

import type { Region } from '../../base/bytes.ts';
import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, Destination, RoutedExchange, RoutedQueue } from '../binding.ts';

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

export interface Exchange<Q extends RoutedQueue = RoutedQueue> extends ExchangeDeclaration, RoutedExchange<Q> {
  readonly name: string;
  /** The name in UTF-8. */
  readonly nameBytes: Region;
  /** False when a queue may come or go without the epoch rising, as for the default exchange. */
  readonly epochCoversQueues: boolean;
  readonly isDeleted: boolean;
  /** No bindings: an auto-delete exchange goes when this becomes true by an unbind. */
  readonly isUnused: boolean;
  /** Oldest first. */
  readonly bindings: Iterable<Binding<Q>>;
  readonly bindingCount: number;
  /** There is a binding to this destination. */
  isBoundTo(destination: Destination<Q>): boolean;

  /**
   * @returns false when there is such a binding already: same destination, key and arguments.
   * @throws BrokerError when this exchange cannot have such a binding; nothing has changed then.
   */
  bind(binding: Binding<Q>): boolean;
  /**
   * @returns the binding that was removed, or undefined when there was none.
   * @throws BrokerError on the default exchange.
   */
  unbind(destination: Destination<Q>, key: string, bindingArguments: FieldTable): Binding<Q> | undefined;
  /** Removes all bindings to a destination that goes away. @returns those removed. */
  unbindAll(destination: Destination<Q>): readonly Binding<Q>[];
  /** @throws BrokerError on the default exchange. */
  setAlternate(exchange: RoutedExchange<Q> | undefined): void;
  /** The exchange goes away, and its bindings with it. @throws BrokerError on the default exchange. */
  delete(): void;
}
