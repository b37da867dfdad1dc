/** Expirations as RabbitMQ takes and refuses them. */

import { expect, test } from 'vitest';
import { whyInvalidExpiration } from './expiration.ts';

test.each(['0', '5', '007', '+5', '4294967296', '315360000000'])('%s is an expiration', (text) => {
  expect(whyInvalidExpiration(text)).toBeUndefined();
});

test.each([
  ['abc', 'no_integer'],
  ['', 'no_integer'],
  [' 1', 'no_integer'],
  ['-1', '{value_negative,-1}'],
  ['1.5', '{leftover_string,".5"}'],
  ['1 ', '{leftover_string," "}'],
  ['-1abc', '{leftover_string,"abc"}'],
  ['315360000001', '{value_too_large,315360000001}'],
])('%j is refused with %s', (text, why) => {
  expect(whyInvalidExpiration(text)).toBe(why);
});
