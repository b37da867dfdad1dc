/**
 * A message's way from exchange to exchange: along the bindings between them and to alternate exchanges, until the
 * queues are found. Each exchange is visited once, so that circles end.
 */

import { EMPTY_TABLE, type FieldTable } from '../../base/field-table.ts';
import type { RoutedExchange, RoutedQueue } from '../binding.ts';
import type { TargetSet } from './target-set.ts';

/**
 * Adds the queues that a message reaches from `first`, and the exchanges that it comes through.
 * @param keys the routing key and those of CC and BCC; every exchange on the way takes all of them
 * @param headers of the message, or undefined while they are not known
 * @returns false when the queues cannot be told without the headers.
 */
export function walk<Q extends RoutedQueue>(
  first: RoutedExchange<Q>,
  keys: readonly string[],
  headers: FieldTable | undefined,
  into: TargetSet<Q>,
): boolean {
  into.addExchange(first);
  for (let index = 0; ; index++) {
    const exchange = into.exchangeAt(index);
    if (exchange === undefined) return true;
    if (headers === undefined && !exchange.routesByKeyOnly) return false;
    const before = into.matchCount;
    for (const key of keys) exchange.route(key, headers ?? EMPTY_TABLE, into);
    // RabbitMQ: what matters is whether this exchange found a destination, not whether a queue was reached.
    if (into.matchCount === before && exchange.alternate !== undefined) into.addExchange(exchange.alternate);
  }
}
