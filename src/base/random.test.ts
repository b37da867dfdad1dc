/** The seeded generator. */

import { expect, test } from 'vitest';
import { SeededRandom } from './random.ts';

function numbers(seed: number, limit: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 2000 }, () => random.below(limit));
}

test('one seed always gives the same numbers, another one others', () => {
  expect(numbers(7, 1000)).toEqual(numbers(7, 1000));
  expect(numbers(7, 1000)).not.toEqual(numbers(8, 1000));
});

test('gives every number below the limit, and no other', () => {
  expect([...new Set(numbers(1, 6))].sort()).toEqual([0, 1, 2, 3, 4, 5]);
});
