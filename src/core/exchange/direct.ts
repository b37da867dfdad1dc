/**
 * The direct exchange: the binding key is the routing key.
 */

import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';
import type { Router } from './router.ts';

export class DirectRouter<Q extends RoutedQueue> implements Router<Q> {
  readonly routesByKeyOnly = true;
  readonly #bindings = new Map<string, Set<Binding<Q>>>();

  add(binding: Binding<Q>): void {
    const bindings = this.#bindings.get(binding.key);
    if (bindings === undefined) this.#bindings.set(binding.key, new Set([binding]));
    else bindings.add(binding);
  }

  remove(binding: Binding<Q>): void {
    const bindings = this.#bindings.get(binding.key);
    if (bindings?.delete(binding) && bindings.size === 0) this.#bindings.delete(binding.key);
  }

  route(key: string, _headers: FieldTable, into: Targets<Q>): void {
    const bindings = this.#bindings.get(key);
    if (bindings === undefined) return;
    for (const binding of bindings) into.add(binding);
  }
}
