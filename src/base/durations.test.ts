/** Times are counted, summed up and compared. */

import { expect, test } from 'vitest';
import { Durations } from './durations.ts';

test('durations know how many there were, their sum, the longest and the last', () => {
  const durations = new Durations();
  const before = durations.stats;
  for (const ms of [3, 10, 2]) durations.add(ms);

  expect(durations.stats).toEqual({ count: 3, totalMs: 15, maxMs: 10, lastMs: 2 });
  expect(before).toEqual({ count: 0, totalMs: 0, maxMs: 0, lastMs: 0 });
});
