/** Addresses as listings and log lines show them. */

import { expect, test } from 'vitest';
import { formatAddress, isLoopbackAddress, plainAddress } from './peer.ts';

test('an IPv4 client on an IPv6 socket is shown with its IPv4 address', () => {
  expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(plainAddress('::ffff:abcd')).toBe('::ffff:abcd');
  expect(plainAddress('fe80::1')).toBe('fe80::1');
});

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['10.0.0.1', false],
  ['1.27.0.1', false],
  ['::', false],
])('%s is a loopback address: %s', (address, isLoopback) => {
  expect(isLoopbackAddress(address)).toBe(isLoopback);
});

test('an IPv6 address stands in brackets before its port', () => {
  expect(formatAddress('::1', 5672)).toBe('[::1]:5672');
  expect(formatAddress('10.0.0.1', 5672)).toBe('10.0.0.1:5672');
});
