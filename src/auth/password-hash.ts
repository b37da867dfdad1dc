/**
 * Password hashes in RabbitMQ's format: base64 of a salt of four bytes and the digest of salt and password. Hashes taken
 * from a RabbitMQ node work as they are.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 4;

const DIGESTS = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512',
  rabbit_password_hashing_md5: 'md5',
} as const;

/** Under the names that RabbitMQ's definitions have for them. */
export type HashingAlgorithm = keyof typeof DIGESTS;

export const DEFAULT_HASHING: HashingAlgorithm = 'rabbit_password_hashing_sha256';

/** A password as it is kept. An empty hash fits no password. */
export interface PasswordHash {
  readonly hash: string;
  readonly algorithm: HashingAlgorithm;
}

/** Fits no password: its user logs in some other way, or not at all. */
export const NO_PASSWORD: PasswordHash = { hash: '', algorithm: DEFAULT_HASHING };

export function isHashingAlgorithm(name: string): name is HashingAlgorithm {
  return Object.hasOwn(DIGESTS, name);
}

/** Hashes a password with a new salt. */
export function hashPassword(
  password: string | Uint8Array,
  algorithm: HashingAlgorithm = DEFAULT_HASHING,
): PasswordHash {
  const salt = randomBytes(SALT_BYTES);
  const hash = Buffer.concat([salt, digest(algorithm, salt, password)]).toString('base64');
  return { hash, algorithm };
}

/** Whether a hash is base64 of as many bytes as its algorithm makes; the empty one is. */
export function isWellFormed({ hash, algorithm }: PasswordHash): boolean {
  if (hash === '') return true;
  const bytes = Buffer.from(hash, 'base64');
  return bytes.toString('base64') === hash && bytes.length === SALT_BYTES + digestBytes(algorithm);
}

/** Takes the same time wherever the two differ. */
export function fitsPassword({ hash, algorithm }: PasswordHash, password: Uint8Array): boolean {
  const kept = Buffer.from(hash, 'base64');
  const expected = kept.subarray(SALT_BYTES);
  const actual = digest(algorithm, kept.subarray(0, SALT_BYTES), password);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function digest(algorithm: HashingAlgorithm, salt: Uint8Array, password: string | Uint8Array): Buffer {
  return createHash(DIGESTS[algorithm]).update(salt).update(password).digest();
}

function digestBytes(algorithm: HashingAlgorithm): number {
  return createHash(DIGESTS[algorithm]).digest().length;
}
