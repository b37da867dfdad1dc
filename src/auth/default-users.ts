/**
 * Users that come with vhosts: whenever a vhost is added whose name fits a user's pattern, the user gets permissions in
 * it, and is added when there is none of that name. What `default_users` of rabbitmq.conf configures.
 */

import type { LogLines } from '../core/log-lines.ts';
import type { PatternMatcher } from '../core/ports.ts';
import { AdministrationError } from './administration-error.ts';
import { hashPassword, NO_PASSWORD } from './password-hash.ts';
import type { PermissionTable } from './permission-table.ts';
import type { Users } from './users.ts';

export interface DefaultUser {
  readonly name: string;
  /** Empty: the user cannot log in with a password. */
  readonly password: string;
  readonly tags: readonly string[];
  /** Of the vhosts that the user comes with. */
  readonly vhostPattern: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

export interface DefaultUsersOptions {
  readonly wanted: readonly DefaultUser[];
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly patterns: PatternMatcher;
  readonly logLines: LogLines;
}

export class DefaultUsers {
  readonly #options: DefaultUsersOptions;

  /** @throws AdministrationError when something is no pattern. */
  constructor(options: DefaultUsersOptions) {
    this.#options = options;
    for (const { name, vhostPattern, configure, write, read } of options.wanted) {
      for (const pattern of [vhostPattern, configure, write, read]) this.#assertPattern(name, pattern);
    }
  }

  /** A vhost has been added. */
  vhostAdded(vhost: string): void {
    const { wanted, patterns, logLines } = this.#options;
    for (const user of wanted) {
      if (!patterns.matches(user.vhostPattern, vhost)) continue;
      this.#add(user, vhost);
      logLines.info(`Added default user '${user.name}' to vhost '${vhost}'`);
    }
  }

  /** Only a new user gets the password and the tags: somebody may have changed those of an old one. */
  #add({ name, password, tags, configure, write, read }: DefaultUser, vhost: string): void {
    const { users, permissions } = this.#options;
    if (users.find(name) === undefined) {
      users.add({ name, password: password === '' ? NO_PASSWORD : hashPassword(password), tags });
    }
    permissions.set({ user: name, vhost, configure, write, read });
  }

  #assertPattern(user: string, pattern: string): void {
    const why = this.#options.patterns.whyInvalid(pattern);
    if (why === undefined) return;
    throw new AdministrationError('invalid', `${user}: invalid regular expression '${pattern}': ${why}`);
  }
}
