/**
 * The fanout exchange: every binding matches, whatever the keys.
 */

import type { Binding, RoutedQueue } from '../binding.ts';
import type { Router } from './router.ts';
import type { TargetSet } from './target-set.ts';

export class FanoutRouter<Q extends RoutedQueue> implements Router<Q> {
  readonly routesByKeyOnly = true;
  readonly #bindings = new Set<Binding<Q>>();

  add(binding: Binding<Q>): void {
    this.#bindings.add(binding);
  }

  remove(binding: Binding<Q>): void {
    this.#bindings.delete(binding);
  }

  route(_key: string, into: TargetSet<Q>): void {
    for (const binding of this.#bindings) into.add(binding);
  }
}
