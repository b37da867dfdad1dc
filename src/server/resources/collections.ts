/**
 * When garbage is collected for the sake of an alarm: often enough that garbage does not keep it up, and so rarely that it
 * costs a tenth of the time at most.
 */

import type { Clock } from '../../base/clock.ts';
import type { MemoryKeeper } from '../memory-keeper.ts';
import type { MemoryBudget } from './memory-budget.ts';

const EVERY_MS = 1000;
/** While an alarm stays set however often one collects. */
const EVERY_MS_MAX = 3000;
/** A collection that takes long is followed by a pause so many times as long. */
const PAUSE_FACTOR = 10;
/** Of what the heap can hold: so much more since the last collection may be garbage. */
const GROWN_SHARE = 0.05;
/** Of the limit: a drain that leaves garbage worth another collection. */
const DRAINED_SHARE = 0.1;

export class Collections {
  /** When the last one was. */
  lastAtMs = 0;
  readonly #budget: MemoryBudget;
  readonly #clock: Clock;
  readonly #keeper: Pick<MemoryKeeper, 'giveBack'>;
  #everyMs = EVERY_MS;
  #mayCollectAtMs = 0;
  #lastMs = 0;
  #countedBytes = 0;
  /** Of the heap, after the last collection. */
  #heapBytes = 0;

  constructor(budget: MemoryBudget, clock: Clock, keeper: Pick<MemoryKeeper, 'giveBack'>) {
    this.#budget = budget;
    this.#clock = clock;
    this.#keeper = keeper;
  }

  /** Collects and measures, unless that was done a moment ago. */
  collect(): void {
    if (this.#clock.now() >= this.#mayCollectAtMs) this.#collect();
  }

  /** Collects unless the heap has hardly grown since that was done, however long ago: then what it holds is no garbage. */
  collectGrown(): void {
    const grownBytes = this.#budget.heapBytes - this.#heapBytes;
    if (grownBytes > this.#budget.heapCapacityBytes * GROWN_SHARE) this.#collect();
  }

  /** The same, for somebody who asks again and again: the less often the longer it has not helped. */
  collectRarely(): void {
    const drainedBytes = this.#countedBytes - this.#budget.countedBytes;
    if (drainedBytes > this.#budget.limitBytes * DRAINED_SHARE) this.#collectAgainSoon();
    if (this.#clock.now() < this.#mayCollectAtMs) return;
    this.#collect();
    this.#everyMs = Math.min(2 * this.#everyMs, EVERY_MS_MAX);
  }

  /** It has helped. */
  relax(): void {
    this.#everyMs = EVERY_MS;
  }

  #collect(): void {
    const nowMs = this.#clock.now();
    this.lastAtMs = nowMs;
    this.#countedBytes = this.#budget.countedBytes;
    this.#lastMs = this.#keeper.giveBack();
    this.#mayCollectAtMs = nowMs + Math.max(this.#everyMs, PAUSE_FACTOR * this.#lastMs);
    this.#budget.measure();
    this.#heapBytes = this.#budget.heapBytes;
  }

  /** There is new garbage: the wait was for a collection that had found none. */
  #collectAgainSoon(): void {
    this.#everyMs = EVERY_MS;
    this.#mayCollectAtMs = this.lastAtMs + PAUSE_FACTOR * this.#lastMs;
  }
}
