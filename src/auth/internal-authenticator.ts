/**
 * Logs users in with the broker's own users: RabbitMQ's internal backend.
 */

import type { Authenticator, LoginOrigin, LoginResult } from '../core/authentication.ts';
import { fitsPassword, hashPassword } from './password-hash.ts';
import type { PermissionTable } from './permission-table.ts';
import type { Users } from './users.ts';

export interface InternalAuthenticatorOptions {
  readonly users: Users;
  readonly permissions: PermissionTable;
  /** Users who may log in only over a loopback address of this machine. */
  readonly loopbackUsers: readonly string[];
}

export class InternalAuthenticator implements Authenticator {
  readonly #users: Users;
  readonly #permissions: PermissionTable;
  readonly #loopbackUsers: ReadonlySet<string>;

  constructor({ users, permissions, loopbackUsers }: InternalAuthenticatorOptions) {
    this.#users = users;
    this.#permissions = permissions;
    this.#loopbackUsers = new Set(loopbackUsers);
  }

  login(mechanism: string, user: string, password: Uint8Array, origin: LoginOrigin): LoginResult {
    const why = this.#whyRefused(user, password, origin);
    if (why === undefined) return { kind: 'granted', user };
    return { kind: 'refused', reason: `${mechanism} login refused: user '${user}' ${why}` };
  }

  mayOpenVhost(user: string, vhost: string): boolean {
    return this.#permissions.find(user, vhost) !== undefined;
  }

  /** Passwords do not run out: as in RabbitMQ, any new secret will do. */
  updateSecret(user: string, _secret: Uint8Array): boolean {
    return this.#users.find(user) !== undefined;
  }

  #whyRefused(user: string, password: Uint8Array, origin: LoginOrigin): string | undefined {
    if (password.length === 0) return BLANK_PASSWORD;
    // Who does not exist costs the same time as who does.
    const kept = this.#users.find(user)?.password;
    if (!fitsPassword(kept ?? NOBODY, password) || kept === undefined) return '- invalid credentials';
    if (this.#loopbackUsers.has(user) && !origin.isLoopback) return ONLY_LOOPBACK;
    return undefined;
  }
}

const NOBODY = hashPassword('nobody');

/** RabbitMQ's words. */
const BLANK_PASSWORD =
  'attempted to log in with a blank password, which is prohibited by the internal authN backend. ' +
  'Change the password for the user to be non-blank.';

const ONLY_LOOPBACK =
  'can only connect via localhost ' +
  '(to change that, set loopback_users = none, or begin with a user of your own: default_user and default_pass)';
