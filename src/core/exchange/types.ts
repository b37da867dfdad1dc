/**
 * The exchange types a client may declare, by the names that it uses for them. A new type is a router in a file of its
 * own and a line here.
 */

import type { RoutedQueue } from '../binding.ts';
import { refusal } from '../errors.ts';
import { BoundExchange } from './bound-exchange.ts';
import { DirectRouter } from './direct.ts';
import type { Exchange, ExchangeDeclaration } from './exchange.ts';
import { FanoutRouter } from './fanout.ts';
import { HeadersRouter } from './headers.ts';
import { DEFAULT_ROUTING_LIMITS, type Router, type RoutingLimits } from './router.ts';
import { TopicRouter } from './topic.ts';

type RouterFactory = <Q extends RoutedQueue>(limits: RoutingLimits) => Router<Q>;

const ROUTERS: ReadonlyMap<string, RouterFactory> = new Map<string, RouterFactory>([
  ['direct', () => new DirectRouter()],
  ['fanout', () => new FanoutRouter()],
  ['topic', (limits) => new TopicRouter(limits)],
  ['headers', () => new HeadersRouter()],
]);

/** The names of the types, in the order in which they are listed. */
export const EXCHANGE_TYPES: readonly string[] = [...ROUTERS.keys()];

/** @throws BrokerError 406 */
export function assertExchangeType(type: string): void {
  if (!ROUTERS.has(type)) throw refusal.unknownExchangeType(type);
}

/**
 * Makes an exchange of any type but the default one.
 * @throws BrokerError `unknown exchange type`
 */
export function createExchange<Q extends RoutedQueue>(
  declaration: ExchangeDeclaration,
  limits: RoutingLimits = DEFAULT_ROUTING_LIMITS,
): Exchange<Q> {
  const createRouter = ROUTERS.get(declaration.type);
  if (createRouter === undefined) throw refusal.unknownExchangeType(declaration.type);
  return new BoundExchange<Q>(declaration, createRouter<Q>(limits));
}
