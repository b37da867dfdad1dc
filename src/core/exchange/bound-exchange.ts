/**
 * An exchange with bindings: keeps them, tells its router and its epoch of every change. How they match is the router's
 * business.
 */

import { assert } from '../../base/assert.ts';
import { type Region, regionOf } from '../../base/bytes.ts';
import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, Destination, RoutedExchange, RoutedQueue, Targets } from '../binding.ts';
import { BindingTable } from './binding-table.ts';
import type { Exchange, ExchangeDeclaration } from './exchange.ts';
import type { Router } from './router.ts';

export class BoundExchange<Q extends RoutedQueue> implements Exchange<Q> {
  readonly id: number;
  readonly name: string;
  readonly nameBytes: Region;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
  readonly epochCoversQueues = true;
  readonly #router: Router<Q>;
  readonly #bindings = new BindingTable<Q>();
  #alternate: RoutedExchange<Q> | undefined;
  #epoch = 0;
  #isDeleted = false;

  constructor(declaration: ExchangeDeclaration, router: Router<Q>) {
    this.id = declaration.id;
    this.name = declaration.name;
    this.nameBytes = regionOf(new TextEncoder().encode(declaration.name));
    this.type = declaration.type;
    this.durable = declaration.durable;
    this.autoDelete = declaration.autoDelete;
    this.internal = declaration.internal;
    this.arguments = declaration.arguments;
    this.#router = router;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get routesByKeyOnly(): boolean {
    return this.#router.routesByKeyOnly;
  }

  get alternate(): RoutedExchange<Q> | undefined {
    return this.#alternate;
  }

  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  get isUnused(): boolean {
    return this.#bindings.size === 0;
  }

  get bindings(): Iterable<Binding<Q>> {
    return this.#bindings;
  }

  get bindingCount(): number {
    return this.#bindings.size;
  }

  isBoundTo(destination: Destination<Q>): boolean {
    return this.#bindings.hasAnyTo(destination);
  }

  bind(binding: Binding<Q>): boolean {
    assert(!this.#isDeleted, 'a deleted exchange was bound');
    if (this.#bindings.has(binding)) return false;
    this.#router.add(binding);
    this.#bindings.add(binding);
    this.#epoch++;
    return true;
  }

  unbind(destination: Destination<Q>, key: string, bindingArguments: FieldTable): Binding<Q> | undefined {
    const binding = this.#bindings.remove(destination, key, bindingArguments);
    if (binding === undefined) return undefined;
    this.#router.remove(binding);
    this.#epoch++;
    return binding;
  }

  unbindAll(destination: Destination<Q>): readonly Binding<Q>[] {
    const removed = this.#bindings.removeAll(destination);
    if (removed.length === 0) return removed;
    for (const binding of removed) this.#router.remove(binding);
    this.#epoch++;
    return removed;
  }

  setAlternate(exchange: RoutedExchange<Q> | undefined): void {
    this.#alternate = exchange;
    this.#epoch++;
  }

  route(key: string, headers: FieldTable, into: Targets<Q>): void {
    this.#router.route(key, headers, into);
  }

  delete(): void {
    for (const binding of this.#bindings) this.#router.remove(binding);
    this.#bindings.clear();
    this.#alternate = undefined;
    this.#isDeleted = true;
    this.#epoch++;
  }
}
