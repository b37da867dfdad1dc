/** Expirations as RabbitMQ takes and refuses them. */

import { expect, test } from 'vitest';
import { readExpiration } from './expiration.ts';

test.each([
  ['0', 0],
  ['5', 5],
  ['007', 7],
  ['+5', 5],
  ['-0', 0],
  ['4294967296', 2 ** 32],
  ['315360000000', 315_360_000_000],
  ['0000000000000000050000', 50_000],
])('%s is an expiration', (text, ms) => {
  expect(readExpiration(text)).toBe(ms);
});

test.each([
  ['abc', 'no_integer'],
  ['', 'no_integer'],
  [' 1', 'no_integer'],
  ['-1', '{value_negative,-1}'],
  ['1.5', '{leftover_string,".5"}'],
  ['1 ', '{leftover_string," "}'],
  ['-1abc', '{leftover_string,"abc"}'],
  ['1/2', '{leftover_string,"/2"}'],
  ['1:2', '{leftover_string,":2"}'],
  ['315360000001', '{value_too_large,315360000001}'],
  ['999999999999999999999', '{value_too_large,999999999999999999999}'],
])('%j is refused with %s', (text, why) => {
  expect(readExpiration(text)).toBe(why);
});
