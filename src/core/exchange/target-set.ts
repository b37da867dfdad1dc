/**
 * The queues that one message goes to: each once, in the order in which they were found.
 *
 * A set is used again and again: for a few queues, which is the rule, it allocates nothing after the first use.
 */

import type { Binding, RoutedQueue } from '../binding.ts';

/** Up to here looking through the list is cheaper than asking a `Set`. */
const SCANNED_MAX = 16;

export class TargetSet<Q extends RoutedQueue = RoutedQueue> {
  /** What stands beyond `size` is left over from earlier uses: at most `SCANNED_MAX` queues. */
  readonly #queues: Q[] = [];
  /** The same queues, once they are too many to look through. */
  #known: Set<Q> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A binding matched. */
  add(binding: Binding<Q>): void {
    this.addQueue(binding.destination);
  }

  addQueue(queue: Q): void {
    if (this.#has(queue)) return;
    this.#queues[this.#size] = queue;
    this.#size++;
    if (this.#size > SCANNED_MAX) this.#remember(queue);
  }

  /** A copy that stays as it is. */
  toArray(): readonly Q[] {
    return this.#queues.slice(0, this.#size);
  }

  clear(): void {
    this.#size = 0;
    if (this.#known === undefined) return;
    this.#known = undefined;
    this.#queues.length = 0;
  }

  #has(queue: Q): boolean {
    if (this.#known !== undefined) return this.#known.has(queue);
    for (let index = 0; index < this.#size; index++) if (this.#queues[index] === queue) return true;
    return false;
  }

  #remember(queue: Q): void {
    if (this.#known === undefined) this.#known = new Set(this.#queues);
    else this.#known.add(queue);
  }
}
