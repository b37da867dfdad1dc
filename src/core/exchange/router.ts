/**
 * The contract of an exchange type: which of its bindings match a message. The types are siblings of this file, one
 * suite (exchange.test-suite.ts) tests them all, and types.ts lists them.
 *
 * A router is told of every binding once and keeps its own index of them; identity, listings and epochs are the work of
 * `BoundExchange`.
 */

import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';

export interface Router<Q extends RoutedQueue = RoutedQueue> {
  /** False for the types that look at the headers. */
  readonly routesByKeyOnly: boolean;
  /** @throws BrokerError when a binding is not possible for this type; nothing has changed then. */
  add(binding: Binding<Q>): void;
  /** @param binding the very one that was added */
  remove(binding: Binding<Q>): void;
  /** Adds every matching binding, in an order that depends on nothing but the order in which they were added. */
  route(key: string, headers: FieldTable, into: Targets<Q>): void;
}

/** What the configuration says about routing. */
export interface RoutingLimits {
  /** The `#` wildcards that one topic binding key may have: none set for RabbitMQ 3.13, 2 for 4.3. */
  readonly topicWildcardsMax: number;
}

export const DEFAULT_ROUTING_LIMITS: RoutingLimits = { topicWildcardsMax: Number.POSITIVE_INFINITY };
