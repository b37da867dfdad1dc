/**
 * Operations of the operating system of which one runs at a time, in the order in which they came: left alone, the
 * threads of Node.js take them in any order.
 */

import type { Done } from '../storage/disk/disk.ts';

/** Begins something, and calls `finished` later. */
export type Operation = (finished: Done) => void;

export class OperationSequence {
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;

  get isIdle(): boolean {
    return !this.#isRunning;
  }

  add(operation: Operation, done: Done): void {
    const start = () =>
      operation((fault) => {
        this.#startNext();
        done(fault);
      });
    this.#waiting.push(start);
    if (!this.#isRunning) this.#startNext();
  }

  #startNext(): void {
    const start = this.#waiting.shift();
    this.#isRunning = start !== undefined;
    start?.();
  }
}
