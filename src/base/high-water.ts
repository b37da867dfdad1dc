/** Whether there is too much of something: from a high mark on, until it has fallen to a low one. */

export class HighWater {
  isOver = false;
  readonly #high: number;
  readonly #low: number;

  /** @param high above it there is too much @param low at or below it there is not any more; less than `high` */
  constructor(high: number, low: number) {
    this.#high = high;
    this.#low = low;
  }

  /** @returns whether there is too much of it now */
  update(amount: number): boolean {
    this.isOver = amount > (this.isOver ? this.#low : this.#high);
    return this.isOver;
  }
}
