/**
 * What one message reaches: queues, and the exchanges on the way to them, each once and in the order in which they were
 * found.
 *
 * A set is used again and again: for a few queues, which is the rule, it allocates nothing after the first use.
 */

import type { Binding, RoutedExchange, RoutedQueue, Targets } from '../binding.ts';

/** Up to here looking through the list is cheaper than asking a `Set`. */
const SCANNED_MAX = 16;

export class TargetSet<Q extends RoutedQueue = RoutedQueue> implements Targets<Q> {
  /** How often something matched, what was there already included. */
  matchCount = 0;
  readonly #queues = new Uniques<Q>();
  readonly #exchanges = new Uniques<RoutedExchange<Q>>();

  /** Of queues. */
  get size(): number {
    return this.#queues.size;
  }

  add(binding: Binding<Q>): void {
    if (binding.kind === 'queue') this.addQueue(binding.destination);
    else this.addExchange(binding.destination);
  }

  addQueue(queue: Q): void {
    this.matchCount++;
    this.#queues.add(queue);
  }

  addExchange(exchange: RoutedExchange<Q>): void {
    this.matchCount++;
    this.#exchanges.add(exchange);
  }

  /** The exchange that was found as number `index`, from 0. */
  exchangeAt(index: number): RoutedExchange<Q> | undefined {
    return this.#exchanges.at(index);
  }

  /** A copy of the queues that stays as it is. */
  toArray(): readonly Q[] {
    return this.#queues.toArray();
  }

  /** A copy of the exchanges but the first `skipped`. */
  exchangesAfter(skipped: number): readonly RoutedExchange<Q>[] {
    return this.#exchanges.toArray(skipped);
  }

  clear(): void {
    this.matchCount = 0;
    this.#queues.clear();
    this.#exchanges.clear();
  }
}

/** A list without duplicates. */
class Uniques<T> {
  /** What stands beyond `size` is left over from earlier uses: at most `SCANNED_MAX`. */
  readonly #items: T[] = [];
  /** The same items, once they are too many to look through. */
  #known: Set<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    if (this.#has(item)) return;
    this.#items[this.#size] = item;
    this.#size++;
    if (this.#size > SCANNED_MAX) this.#remember(item);
  }

  at(index: number): T | undefined {
    return index < this.#size ? this.#items[index] : undefined;
  }

  toArray(skipped = 0): readonly T[] {
    return this.#items.slice(skipped, this.#size);
  }

  clear(): void {
    this.#size = 0;
    if (this.#known === undefined) return;
    this.#known = undefined;
    this.#items.length = 0;
  }

  #has(item: T): boolean {
    if (this.#known !== undefined) return this.#known.has(item);
    for (let index = 0; index < this.#size; index++) if (this.#items[index] === item) return true;
    return false;
  }

  #remember(item: T): void {
    if (this.#known === undefined) this.#known = new Set(this.#items);
    else this.#known.add(item);
  }
}
