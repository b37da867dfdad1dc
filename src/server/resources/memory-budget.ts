/**
 * How much memory the broker uses of what it may use. Counted is what is live (messages, bodies that are half received,
 * output, the heap), not what the process holds: memory that is kept for the next messages is not in use.
 *
 * The great sums are counters that are always right, so that a look costs next to nothing; the rest is measured now and
 * then.
 */

import type { ChunkPool } from '../../base/output.ts';
import type { IncompleteBodies } from '../../core/incomplete-bodies.ts';
import type { Messages } from '../../core/messages.ts';
import type { MemoryUse } from '../../core/ports.ts';
import type { MemoryProbe } from './memory-probe.ts';

/**
 * Of what the heap can hold, for live objects. Measured with 256 MB: full of live objects the engine gives up at 99 %,
 * and from 90 % it collects without end.
 */
const HEAP_SHARE = 0.8;

export interface MemoryBudgetOptions {
  readonly messages: Pick<Messages, 'usedBytes' | 'heldBytes'>;
  readonly incompleteBodies: Pick<IncompleteBodies, 'heldBytes'>;
  readonly pool: Pick<ChunkPool, 'takenBytes'>;
  readonly probe: MemoryProbe;
  /** What there is. */
  readonly totalBytes: number;
  /** The watermark: what may be in use altogether. */
  readonly limitBytes: number;
  /** What the heap can hold. */
  readonly heapCapacityBytes: number;
}

export class MemoryBudget implements MemoryUse {
  readonly totalBytes: number;
  readonly limitBytes: number;
  readonly heapCapacityBytes: number;
  /** Of the heap alone. */
  readonly heapLimitBytes: number;
  /** What the operating system counts; shown, never decided by. */
  residentBytes = 0;
  readonly #options: MemoryBudgetOptions;
  #measuredHeapBytes = 0;
  /** Memory outside of the heap that has no counter: rings, tables, frames that are not complete; and garbage. */
  #uncountedBytes = 0;

  constructor(options: MemoryBudgetOptions) {
    this.totalBytes = options.totalBytes;
    this.limitBytes = options.limitBytes;
    this.heapCapacityBytes = options.heapCapacityBytes;
    this.heapLimitBytes = Math.floor(options.heapCapacityBytes * HEAP_SHARE);
    this.#options = options;
    this.measure();
  }

  /** What has a counter, at this moment. */
  get countedBytes(): number {
    const { messages, incompleteBodies, pool } = this.#options;
    return messages.usedBytes + incompleteBodies.heldBytes + pool.takenBytes;
  }

  get usedBytes(): number {
    return this.countedBytes + this.#measuredHeapBytes + this.#uncountedBytes;
  }

  /** Message memory that is not in use, and could be given back. */
  get spareBytes(): number {
    const { messages } = this.#options;
    return messages.heldBytes - messages.usedBytes;
  }

  /** Of the heap at the last look. */
  get heapBytes(): number {
    return this.#measuredHeapBytes;
  }

  /** Looks at the heap again. Cheap enough for each turn. */
  lookAtHeap(): void {
    this.#measuredHeapBytes = this.#options.probe.heapBytes();
  }

  /** Measures all that has no counter. */
  measure(): void {
    const { messages, incompleteBodies, pool, probe } = this.#options;
    const { heapBytes, bufferBytes, residentBytes } = probe.measure();
    const counted = messages.heldBytes + incompleteBodies.heldBytes + pool.takenBytes;
    this.#uncountedBytes = Math.max(0, bufferBytes - counted);
    this.#measuredHeapBytes = heapBytes;
    this.residentBytes = residentBytes;
  }
}
