/**
 * The clock of a running server: read once per turn, so that everything in a turn happens at one time and asking costs
 * nothing.
 */

import type { Clock } from '../base/clock.ts';

export class TurnClock implements Clock {
  readonly #read: () => number;
  #nowMs: number;

  /** @param read milliseconds since the Unix epoch, as the operating system has them */
  constructor(read: () => number = Date.now) {
    this.#read = read;
    this.#nowMs = read();
  }

  now(): number {
    return this.#nowMs;
  }

  /** A turn begins. Time stands still rather than go backwards when the operating system's clock is set back. */
  refresh(): void {
    this.#nowMs = Math.max(this.#nowMs, this.#read());
  }
}
