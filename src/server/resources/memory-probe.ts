/**
 * What the engine says about the memory of this process, and how much it may have.
 */

import { totalmem } from 'node:os';
import v8 from 'node:v8';
import { cgroupMemoryLimit } from './cgroup.ts';

export interface MemoryFigures {
  /** Objects on the JavaScript heap, garbage included. */
  readonly heapBytes: number;
  /** Memory outside of the heap: messages, output, rings. Right some 100 ms after a collection. */
  readonly bufferBytes: number;
  /** What the operating system counts, for the operator only. */
  readonly residentBytes: number;
}

export interface MemoryProbe {
  /** Of the JavaScript heap alone; costs less than a microsecond. */
  heapBytes(): number;
  measure(): MemoryFigures;
}

/** Part of V8's limit is for new objects, and no room for those that stay: so much, unless a flag says otherwise. */
const YOUNG_HEAP_BYTES = 48 * 1024 * 1024;
const OLD_HEAP_SHARE_MIN = 0.4;

export const engineMemory: MemoryProbe = {
  heapBytes: () => v8.getHeapStatistics().used_heap_size,
  measure: () => {
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    return { heapBytes: heapUsed, bufferBytes: arrayBuffers, residentBytes: rss };
  },
};

/** What the heap may hold before the engine ends the process: `--max-old-space-size`, or what V8 chose. */
export function heapCapacityBytes(limit = v8.getHeapStatistics().heap_size_limit): number {
  return Math.max(limit - YOUNG_HEAP_BYTES, Math.floor(limit * OLD_HEAP_SHARE_MIN));
}

/** The memory of this machine, or of the container or service that the process runs in. */
export function totalMemoryBytes(): number {
  return Math.min(totalmem(), cgroupMemoryLimit());
}
