/** Numbers from the operating system's random source. */

import { expect, test } from 'vitest';
import { SystemRandom } from './system-random.ts';

test('numbers lie below the limit, reach all of the range, and differ between two sources', () => {
  const random = new SystemRandom();
  const drawn = Array.from({ length: 1000 }, () => random.below(4));
  expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3]));

  const long = (source: SystemRandom) => Array.from({ length: 300 }, () => source.below(2 ** 32));
  const first = long(new SystemRandom());
  expect(long(new SystemRandom())).not.toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(290);
});

test('a limit of nothing is a bug', () => {
  expect(() => new SystemRandom().below(0)).toThrow('bug');
});
