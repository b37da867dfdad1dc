/**
 * Users that are given once, with their passwords, and may open every vhost: what a broker without a user database has.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authenticator, LoginOrigin, LoginResult } from '../core/authentication.ts';

export interface FixedUser {
  readonly name: string;
  readonly password: string;
}

export interface FixedUsersOptions {
  /** Users who may log in only over a loopback address of this machine. */
  readonly loopbackUsers: readonly string[];
}

export class FixedUsers implements Authenticator {
  readonly #digests: ReadonlyMap<string, Buffer>;
  readonly #loopbackUsers: ReadonlySet<string>;

  constructor(users: readonly FixedUser[], options: FixedUsersOptions) {
    this.#digests = new Map(users.map(({ name, password }) => [name, digest(Buffer.from(password))]));
    this.#loopbackUsers = new Set(options.loopbackUsers);
  }

  login(mechanism: string, user: string, password: Uint8Array, origin: LoginOrigin): LoginResult {
    if (!this.#isPassword(user, password)) {
      return { kind: 'refused', reason: `${mechanism} login refused: user '${user}' - invalid credentials` };
    }
    if (this.#loopbackUsers.has(user) && !origin.isLoopback) {
      return { kind: 'refused', reason: loopbackReason(mechanism, user) };
    }
    return { kind: 'granted', user };
  }

  mayOpenVhost(user: string, _vhost: string): boolean {
    return this.#digests.has(user);
  }

  /** Takes the same time whether the user, the password or nothing is wrong. */
  #isPassword(user: string, password: Uint8Array): boolean {
    const expected = this.#digests.get(user);
    const isEqual = timingSafeEqual(digest(password), expected ?? NOBODY);
    return isEqual && expected !== undefined;
  }
}

/** Digests have one length, which `timingSafeEqual` needs; they are never stored. */
function digest(password: Uint8Array): Buffer {
  return createHash('sha256').update(password).digest();
}

const NOBODY = digest(new Uint8Array(0));

function loopbackReason(mechanism: string, user: string): string {
  return (
    `${mechanism} login refused: user '${user}' can only connect via localhost ` +
    "(to change that, set loopback_users = none, or add a user of your own with 'leveretctl add_user')"
  );
}
