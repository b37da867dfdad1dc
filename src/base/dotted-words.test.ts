/** The words of dotted keys. */

import { expect, test } from 'vitest';
import { countAnyWords, splitWords } from './dotted-words.ts';

test('words stand between dots, and may be empty', () => {
  expect(splitWords('a.bc')).toEqual(['a', 'bc']);
  expect(splitWords('')).toEqual([]);
  expect(splitWords('.')).toEqual(['', '']);
  expect(splitWords('.a..')).toEqual(['', 'a', '', '']);
});

test('a "#" counts only as a whole word', () => {
  expect(countAnyWords('#.a#.#.##.*')).toBe(2);
});
