/**
 * Time as an argument. The server hands in one that is read once per turn, tests and the simulator a manual one.
 */

export interface Clock {
  /** Milliseconds since the Unix epoch. Does not go backwards within one process. */
  now(): number;
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
