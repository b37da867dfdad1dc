/**
 * Which exchange takes the messages that another one cannot route: named by the argument `alternate-exchange`, and found
 * as soon and as long as there is one of that name.
 */

import { type FieldTable, text } from '../../base/field-table.ts';
import type { RoutedExchange, RoutedQueue } from '../binding.ts';
import { refusal } from '../errors.ts';
import { fieldTypeName } from '../field-value.ts';
import type { Exchange } from './exchange.ts';

export const ALTERNATE_ARGUMENT = 'alternate-exchange';

/**
 * The name in the arguments of an exchange; empty or undefined for none.
 * @throws BrokerError 406 when it is no text.
 */
export function alternateName(exchange: string, vhost: string, exchangeArguments: FieldTable): string | undefined {
  const field = exchangeArguments.get(ALTERNATE_ARGUMENT);
  if (field === undefined || field.type === 'S') return text(field);
  throw refusal.argumentType(ALTERNATE_ARGUMENT, 'exchange', exchange, vhost, fieldTypeName(field));
}

export class Alternates<Q extends RoutedQueue> {
  readonly #find: (name: string) => Exchange<Q> | undefined;
  /** A message was dropped because the alternate exchange does not exist. */
  readonly #missing: (exchange: string, alternate: string) => void;
  /** By the name of the alternate exchange: those that hand on to it. */
  readonly #users = new Map<string, Set<Exchange<Q>>>();

  constructor(find: (name: string) => Exchange<Q> | undefined, missing: (exchange: string, alternate: string) => void) {
    this.#find = find;
    this.#missing = missing;
  }

  /** An exchange was declared: it may have an alternate, and it may be the one that others wait for. */
  added(exchange: Exchange<Q>): void {
    for (const user of this.#users.get(exchange.name) ?? []) user.setAlternate(exchange);
    const name = text(exchange.arguments.get(ALTERNATE_ARGUMENT)) ?? '';
    if (name === '') return;
    const users = this.#users.get(name) ?? new Set();
    users.add(exchange);
    this.#users.set(name, users);
    exchange.setAlternate(this.#find(name) ?? this.#absent(exchange, name));
  }

  /** An exchange was deleted. */
  removed(exchange: Exchange<Q>): void {
    const name = text(exchange.arguments.get(ALTERNATE_ARGUMENT)) ?? '';
    const siblings = this.#users.get(name);
    if (siblings?.delete(exchange) && siblings.size === 0) this.#users.delete(name);
    for (const user of this.#users.get(exchange.name) ?? []) {
      user.setAlternate(this.#absent(user, exchange.name));
    }
  }

  #absent(user: Exchange<Q>, name: string): RoutedExchange<Q> {
    return new AbsentExchange<Q>(name, () => this.#missing(user.name, name));
  }
}

/** Stands in for an alternate exchange that does not exist: routes nowhere and says so once. */
class AbsentExchange<Q extends RoutedQueue> implements RoutedExchange<Q> {
  readonly name: string;
  readonly epoch = 0;
  readonly routesByKeyOnly = true;
  readonly alternate = undefined;
  #tell: (() => void) | undefined;

  constructor(name: string, tell: () => void) {
    this.name = name;
    this.#tell = tell;
  }

  route(): void {
    this.#tell?.();
    this.#tell = undefined;
  }
}
