/**
 * The exchanges as they should be, and their bindings to queues and to each other: made, removed, and gone when nothing
 * needs them any more.
 */

import type { FieldTable } from '../../../src/base/field-table.ts';
import type { SimQueue } from './channel.ts';
import { textOf } from './field-text.ts';
import type { Sightings } from './sightings.ts';

export interface ModelBinding {
  readonly destination: SimQueue | ModelExchange;
  readonly key: string;
  readonly arguments: FieldTable;
}

export interface ExchangeFacts {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Only other exchanges hand messages to it. */
  readonly internal: boolean;
  /** The name of the exchange that takes what this one has no binding for; empty for none. */
  readonly alternate: string;
}

export class ModelExchange {
  readonly facts: ExchangeFacts;
  bindings: readonly ModelBinding[] = [];

  constructor(facts: ExchangeFacts) {
    this.facts = facts;
  }

  get name(): string {
    return this.facts.name;
  }

  toString(): string {
    return `exchange '${this.name}'`;
  }
}

const PREDECLARED = [
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
] as const;

export class ModelExchanges implements Iterable<ModelExchange> {
  readonly #byName = new Map<string, ModelExchange>();
  readonly #seen: Sightings;

  constructor(seen: Sightings) {
    this.#seen = seen;
    for (const [name, type, internal] of PREDECLARED) {
      this.declare({ name, type, internal, durable: true, autoDelete: false, alternate: '' });
    }
  }

  [Symbol.iterator](): Iterator<ModelExchange> {
    return this.#byName.values();
  }

  find(name: string): ModelExchange | undefined {
    return this.#byName.get(name);
  }

  declare(facts: ExchangeFacts): void {
    this.#byName.set(facts.name, new ModelExchange(facts));
  }

  delete(exchange: ModelExchange): void {
    this.#byName.delete(exchange.name);
    exchange.bindings = [];
    this.destinationGone(exchange);
  }

  bind(exchange: ModelExchange, binding: ModelBinding): void {
    if (exchange.bindings.some((present) => isSame(present, binding))) return;
    exchange.bindings = [...exchange.bindings, binding];
  }

  unbind(exchange: ModelExchange, binding: ModelBinding): void {
    const isGone = this.#keep(exchange, (present) => !isSame(present, binding));
    if (isGone) this.#seen.add('an auto-delete exchange gone with its last binding');
  }

  /** A queue or an exchange is gone, and all bindings to it. */
  destinationGone(destination: SimQueue | ModelExchange): void {
    for (const exchange of [...this.#byName.values()]) {
      const isGone = this.#keep(exchange, (binding) => binding.destination !== destination);
      if (isGone) this.#seen.add('an auto-delete exchange gone with what it was bound to');
    }
  }

  /** Drops the other bindings. @returns true when the exchange goes with them. */
  #keep(exchange: ModelExchange, isKept: (binding: ModelBinding) => boolean): boolean {
    const kept = exchange.bindings.filter(isKept);
    if (kept.length === exchange.bindings.length) return false;
    exchange.bindings = kept;
    if (kept.length > 0 || !exchange.facts.autoDelete) return false;
    this.delete(exchange);
    return true;
  }
}

function isSame(one: ModelBinding, other: ModelBinding): boolean {
  const areSameEnds = one.destination === other.destination && one.key === other.key;
  return areSameEnds && textOfTable(one.arguments) === textOfTable(other.arguments);
}

/** The order of the arguments does not count. */
export function textOfTable(table: FieldTable): string {
  return [...table]
    .map(([name, field]) => `${name}=${field.type}:${textOf(field)}`)
    .sort()
    .join();
}
