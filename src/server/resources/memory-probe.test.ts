/** What the engine says about memory. */

import { expect, test } from 'vitest';
import { engineMemory, heapCapacityBytes, totalMemoryBytes } from './memory-probe.ts';

const MB = 1024 * 1024;

test.each([
  ['--max-old-space-size=256', 304, 256],
  ['--max-old-space-size=4096', 4144, 4096],
  ['--max-old-space-size=32', 80, 32],
  ['a young generation that a flag made small', 67, 26],
])('with %s the heap can hold that much', (_flag, limitMb, capacityMb) => {
  expect(Math.floor(heapCapacityBytes(limitMb * MB) / MB)).toBe(capacityMb);
});

test('memory outside of the heap is counted apart from the heap', () => {
  const before = engineMemory.measure();
  const buffer = new Uint8Array(100 * MB);
  const after = engineMemory.measure();
  expect((after.bufferBytes - before.bufferBytes) / buffer.length).toBeCloseTo(1, 1);
  expect(after.heapBytes).toBeLessThan(before.heapBytes + 50 * MB);
  expect(engineMemory.heapBytes() / after.heapBytes).toBeCloseTo(1, 0);
});

test('there is not more memory than the machine has', () => {
  expect(totalMemoryBytes()).toBeGreaterThan(32 * MB);
});
