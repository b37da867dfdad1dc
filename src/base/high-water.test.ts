/** Two marks, so that who is told is not told with every byte. */

import { expect, test } from 'vitest';
import { HighWater } from './high-water.ts';

test('there is too much above the high mark, and until no more is left than the low one says', () => {
  const water = new HighWater(10, 5);
  expect([5, 10, 11, 10, 6, 5, 6, 10, 11].map((amount) => water.update(amount))).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
    false,
    false,
    true,
  ]);
});
