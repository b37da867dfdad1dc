/**
 * Randomness as an argument: a small seeded generator (sfc32) for tests and the simulator, and the interface that the
 * server fills with a real source.
 */

export interface Random {
  /** A whole number from 0 up to, but not including, `limit` (1 to 2^32). */
  below(limit: number): number;
}

/** Same seed, same numbers, on every machine. Not for secrets. */
export class SeededRandom implements Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#c = seed | 0;
    for (let round = 0; round < 12; round++) this.#next();
  }

  below(limit: number): number {
    return Math.floor((this.#next() / 4_294_967_296) * limit);
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}
