/**
 * The fanout exchange: every binding matches, whatever the keys.
 */

import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';
import type { Router } from './router.ts';

export class FanoutRouter<Q extends RoutedQueue> implements Router<Q> {
  readonly routesByKeyOnly = true;
  readonly #bindings = new Set<Binding<Q>>();

  add(binding: Binding<Q>): void {
    this.#bindings.add(binding);
  }

  remove(binding: Binding<Q>): void {
    this.#bindings.delete(binding);
  }

  route(_key: string, _headers: FieldTable, into: Targets<Q>): void {
    for (const binding of this.#bindings) into.add(binding);
  }
}
