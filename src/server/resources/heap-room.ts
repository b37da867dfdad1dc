/**
 * Keeps the JavaScript heap from filling up, which would end the process. Blocking publishers does not help there: queues,
 * bindings, consumers and connections fill it. So when it is nearly full no more of these are taken.
 */

import type { Alarms } from '../../core/alarms.ts';
import type { AlarmLines } from './alarm-lines.ts';
import type { Collections } from './collections.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** Of what the heap can hold, at least so much in bytes. What is done with the objects that are there takes some, too. */
const FREE_SHARE = 0.1;
const FREE_BYTES = 6 * 1024 * 1024;
/** So much more than that has to be free before more is taken again. */
const ROOM_FACTOR = 1.5;

export interface HeapRoomOptions {
  readonly budget: MemoryBudget;
  readonly alarms: Pick<Alarms, 'isOutOfRoom'>;
  readonly collections: Collections;
  readonly lines: AlarmLines;
}

export class HeapRoom {
  readonly #options: HeapRoomOptions;

  constructor(options: HeapRoomOptions) {
    this.#options = options;
  }

  /** Looks at the heap. Called between turns, and while very much is declared in one. */
  look(): void {
    const { alarms, budget, collections, lines } = this.#options;
    budget.lookAtHeap();
    if (!this.#isFull || alarms.isOutOfRoom) return;
    collections.collectGrown();
    if (!this.#isFull) return;
    alarms.isOutOfRoom = true;
    lines.warning(
      `the JavaScript heap is nearly full. Memory used:${budget.heapBytes} of ${budget.heapCapacityBytes}. No more queues, exchanges, bindings, consumers, channels and connections are taken; start the broker with a larger --max-old-space-size to allow more`,
    );
  }

  /** Called about twice a second. */
  tick(): void {
    const { alarms, collections, lines } = this.#options;
    if (!alarms.isOutOfRoom) return;
    const { heapBytes, heapCapacityBytes } = this.#options.budget;
    if (heapCapacityBytes - heapBytes < this.#freeBytes * ROOM_FACTOR) return collections.collectRarely();
    alarms.isOutOfRoom = false;
    lines.warning(`the JavaScript heap has room again. Memory used:${heapBytes} of ${heapCapacityBytes}`);
  }

  get #isFull(): boolean {
    const { heapBytes, heapCapacityBytes } = this.#options.budget;
    return heapCapacityBytes - heapBytes < this.#freeBytes;
  }

  get #freeBytes(): number {
    return Math.max(FREE_BYTES, this.#options.budget.heapCapacityBytes * FREE_SHARE);
  }
}
