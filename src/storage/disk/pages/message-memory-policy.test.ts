/** When messages leave memory. */

import { expect, test } from 'vitest';
import { MessageMemoryPolicy } from './message-memory-policy.ts';

const KINDS = [
  { isPersistent: true, isDraining: false },
  { isPersistent: true, isDraining: true },
  { isPersistent: false, isDraining: false },
];

test('persistent messages go first, those of a queue that drains later, all others when memory is short', () => {
  const messages = { usedBytes: 0 };
  const memory = { usedBytes: 0, limitBytes: 1000 };
  const policy = new MessageMemoryPolicy({ messages, memory, persistentBytes: 100 });
  const look = (messageBytes: number, allBytes: number) => {
    messages.usedBytes = messageBytes;
    memory.usedBytes = allBytes;
    return [policy.isAnyDue, ...KINDS.map((kind) => policy.shouldPageOut(kind)), policy.pagesAhead > 0];
  };
  expect(look(100, 100)).toEqual([false, false, false, false, true]);
  expect(look(101, 101)).toEqual([true, true, false, false, true]);
  expect(look(301, 301)).toEqual([true, true, true, false, true]);
  expect(look(10, 401)).toEqual([true, true, true, true, false]);
});
