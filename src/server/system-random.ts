/**
 * Randomness from the operating system, good enough for names that must not be guessed.
 */

import { getRandomValues } from 'node:crypto';
import { assert } from '../base/assert.ts';
import type { Random } from '../base/random.ts';

const RANGE = 2 ** 32;

export class SystemRandom implements Random {
  /** Asking the operating system costs more than the number: they are drawn in bulk. */
  readonly #drawn = new Uint32Array(256);
  #used = this.#drawn.length;

  below(limit: number): number {
    assert(Number.isInteger(limit) && limit >= 1 && limit <= RANGE, 'the limit of a random number is 1 to 2^32');
    return Math.floor((this.#next() / RANGE) * limit);
  }

  #next(): number {
    if (this.#used === this.#drawn.length) {
      getRandomValues(this.#drawn);
      this.#used = 0;
    }
    return this.#drawn[this.#used++] ?? 0;
  }
}
