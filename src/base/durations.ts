/** How long something took, each time: counted, summed up, the longest and the last. Milliseconds. */

export interface DurationStats {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly lastMs: number;
}

export class Durations implements DurationStats {
  count = 0;
  totalMs = 0;
  maxMs = 0;
  lastMs = 0;

  add(ms: number): void {
    this.count++;
    this.totalMs += ms;
    this.lastMs = ms;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** As it is now. */
  get stats(): DurationStats {
    const { count, totalMs, maxMs, lastMs } = this;
    return { count, totalMs, maxMs, lastMs };
  }
}
