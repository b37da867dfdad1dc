/**
 * Password hashes: that RabbitMQ's own fit, that ours are made alike, and that nothing else fits.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HashingAlgorithm } from './password-hash.ts';
import { fitsPassword, hashPassword, isWellFormed, NO_PASSWORD } from './password-hash.ts';

const ALGORITHMS = [
  'rabbit_password_hashing_sha256',
  'rabbit_password_hashing_sha512',
  'rabbit_password_hashing_md5',
] as const satisfies readonly HashingAlgorithm[];

/** What RabbitMQ 3.10 made of the password `secret`. */
const BY_RABBITMQ: readonly [HashingAlgorithm, string][] = [
  ['rabbit_password_hashing_sha256', 'oZHm3VrQGCQNsZ9Pyal8G7wlaG8xhyUSTnF/++wubnqznVzy'],
  [
    'rabbit_password_hashing_sha512',
    '9PofE60BlMIK1rx1NCYCVLXdq4hF4C6809RJ1rjby1RN78ZZ+3+BSwbARV+xLsnNdEdYbRhtPUy6xPAo+wB1Mg5XhIk=',
  ],
  ['rabbit_password_hashing_md5', 'ESMuIdDUjbHvpu8eafD5GWXxWDs='],
];

describe('password hashes', () => {
  test.each(BY_RABBITMQ)('a %s hash made by RabbitMQ fits its password and no other', (algorithm, hash) => {
    const kept = { hash, algorithm };

    expect(fitsPassword(kept, Buffer.from('secret'))).toBe(true);
    expect(fitsPassword(kept, Buffer.from('Secret'))).toBe(false);
    expect(isWellFormed(kept)).toBe(true);
  });

  test('what is hashed fits the same bytes and no others, whatever the algorithm', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(bytes, bytes, fc.constantFrom(...ALGORITHMS), (password, other, algorithm) => {
        const kept = hashPassword(password, algorithm);
        expect(fitsPassword(kept, password)).toBe(true);
        expect(fitsPassword(kept, other)).toBe(Buffer.from(password).equals(other));
        expect(isWellFormed(kept)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('SHA-256 is the default, and two hashes of one password differ', () => {
    expect(hashPassword('x').algorithm).toBe('rabbit_password_hashing_sha256');
    expect(hashPassword('x').hash).not.toBe(hashPassword('x').hash);
  });

  test('the empty hash fits no password, not even an empty one', () => {
    expect(fitsPassword(NO_PASSWORD, new Uint8Array(0))).toBe(false);
    expect(fitsPassword(NO_PASSWORD, Buffer.from('x'))).toBe(false);
    expect(isWellFormed(NO_PASSWORD)).toBe(true);
  });

  test.each(['not base64!', 'AAAA', 'ESMuIdDUjbHvpu8eafD5GWXxWDs'])('%j is no hash', (hash) => {
    expect(isWellFormed({ hash, algorithm: 'rabbit_password_hashing_md5' })).toBe(false);
  });
});
