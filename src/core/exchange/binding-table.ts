/**
 * The bindings of one exchange: kept by destination, so that one that goes away takes its own without a search.
 */

import type { FieldTable } from '../../base/field-table.ts';
import { type Binding, bindingIdentity, type Destination, type RoutedQueue } from '../binding.ts';

export class BindingTable<Q extends RoutedQueue> implements Iterable<Binding<Q>> {
  readonly #bindings = new Set<Binding<Q>>();
  readonly #byDestination = new Map<Destination<Q>, Map<string, Binding<Q>>>();

  get size(): number {
    return this.#bindings.size;
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Binding<Q>> {
    return this.#bindings.values();
  }

  has(binding: Binding<Q>): boolean {
    return this.#find(binding.destination, binding.key, binding.arguments) !== undefined;
  }

  hasAnyTo(destination: Destination<Q>): boolean {
    return this.#byDestination.has(destination);
  }

  add(binding: Binding<Q>): void {
    const { destination } = binding;
    const siblings = this.#byDestination.get(destination) ?? new Map<string, Binding<Q>>();
    siblings.set(bindingIdentity(binding.key, binding.arguments), binding);
    this.#byDestination.set(destination, siblings);
    this.#bindings.add(binding);
  }

  remove(destination: Destination<Q>, key: string, bindingArguments: FieldTable): Binding<Q> | undefined {
    const siblings = this.#byDestination.get(destination);
    const identity = bindingIdentity(key, bindingArguments);
    const binding = siblings?.get(identity);
    if (siblings === undefined || binding === undefined) return undefined;
    siblings.delete(identity);
    if (siblings.size === 0) this.#byDestination.delete(destination);
    this.#bindings.delete(binding);
    return binding;
  }

  removeAll(destination: Destination<Q>): readonly Binding<Q>[] {
    const removed = [...(this.#byDestination.get(destination)?.values() ?? [])];
    this.#byDestination.delete(destination);
    for (const binding of removed) this.#bindings.delete(binding);
    return removed;
  }

  clear(): void {
    this.#bindings.clear();
    this.#byDestination.clear();
  }

  #find(destination: Destination<Q>, key: string, bindingArguments: FieldTable): Binding<Q> | undefined {
    return this.#byDestination.get(destination)?.get(bindingIdentity(key, bindingArguments));
  }
}
