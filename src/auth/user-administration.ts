/**
 * What an administrator does with users, at any time while the broker runs.
 */

import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import type { UserLimits } from '../core/open-connections.ts';
import { AdministrationError } from './administration-error.ts';
import type { Durability } from './durability.ts';
import { limitOf } from './limit.ts';
import type { HashingAlgorithm, PasswordHash } from './password-hash.ts';
import { DEFAULT_HASHING, hashPassword, isHashingAlgorithm, isWellFormed, NO_PASSWORD } from './password-hash.ts';
import type { PermissionTable } from './permission-table.ts';
import type { User, Users } from './users.ts';

/** How a user logs in: with a password, with one that is known by its hash only, or not with a password at all. */
export interface NewUser {
  /** Not empty: nobody logs in with an empty password. */
  readonly password?: string;
  /** As RabbitMQ exports it; taken as it is. Empty for a user who never logs in with a password. */
  readonly passwordHash?: string;
  /** Of `passwordHash`; `rabbit_password_hashing_sha256` unless given. */
  readonly hashingAlgorithm?: HashingAlgorithm;
  /** `administrator`, `management`, `monitoring`, `policymaker`, `impersonator`, or any other word. */
  readonly tags?: readonly string[];
}

/** A user, as listed; no password is. */
export interface UserInfo {
  readonly name: string;
  readonly tags: readonly string[];
}

export interface UserAdministrationOptions {
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly broker: Broker;
  readonly logLines: LogLines;
  readonly durability: Durability;
}

/**
 * The broker's users. What is done here holds at once, also for connections that are open, and survives a restart once
 * the promise resolves.
 *
 * Every method rejects with an `AdministrationError` whose text is RabbitMQ's when the user is not there, or is there
 * already.
 */
export class UserAdministration {
  readonly #options: UserAdministrationOptions;

  constructor(options: UserAdministrationOptions) {
    this.#options = options;
  }

  /**
   * Adds a user, who may not open any vhost until `permissions.set` allows it.
   *
   * @example
   * ```ts
   * await broker.users.add('alice', { password: 'wonderland', tags: ['monitoring'] });
   * await broker.permissions.set({ user: 'alice', configure: '^alice\\.', write: '.*', read: '.*' });
   * ```
   */
  async add(name: string, user: NewUser = {}): Promise<void> {
    const { users, logLines, durability } = this.#options;
    const ticket = users.add({ name, password: passwordOf(user), tags: [...(user.tags ?? [])] });
    logLines.info(`Created user '${name}'`);
    await durability.whenDurable(ticket);
  }

  /** Deletes a user with all permissions and limits. Open connections of the user are closed (AMQP: 320). */
  async delete(name: string): Promise<void> {
    const { users, permissions, broker, logLines, durability } = this.#options;
    const ticket = users.delete(name);
    permissions.clearUser(name);
    broker.connections.limitUser(name, undefined);
    logLines.info(`Deleted user '${name}'`);
    logLines.info(`Closing all connections from user '${name}' because it's being deleted`);
    for (const connection of [...broker.connections]) {
      if (connection.user === name) connection.close(`user '${name}' is deleted`);
    }
    await durability.whenDurable(ticket);
  }

  /** Gives a user another password. Connections that are open stay so. */
  async setPassword(name: string, password: string): Promise<void> {
    const { logLines } = this.#options;
    const isDurable = this.#update(name, { password: hashPassword(password) });
    logLines.info(`Successfully changed password for user '${name}'`);
    await isDurable;
  }

  /** Gives a user a password that is known by its hash only, as RabbitMQ exports it. */
  async setPasswordHash(
    name: string,
    passwordHash: string,
    hashingAlgorithm: HashingAlgorithm = DEFAULT_HASHING,
  ): Promise<void> {
    const isDurable = this.#update(name, { password: passwordOf({ passwordHash, hashingAlgorithm }) });
    this.#options.logLines.info(`Successfully changed password for user '${name}'`);
    await isDurable;
  }

  /** The user cannot log in with a password any more. */
  async clearPassword(name: string): Promise<void> {
    const isDurable = this.#update(name, { password: NO_PASSWORD });
    this.#options.logLines.info(`Clearing password for '${name}'`);
    await isDurable;
  }

  /** Gives a user other tags, instead of all that there were. */
  async setTags(name: string, tags: readonly string[]): Promise<void> {
    const isDurable = this.#update(name, { tags: [...tags] });
    this.#options.logLines.info(`Successfully set user tags for user '${name}' to [${tags.join(',')}]`);
    await isDurable;
  }

  /**
   * How many connections and channels a user may have open; what is open stays so. `undefined` takes limits away, as -1
   * takes away one.
   */
  async setLimits(name: string, limits: UserLimits | undefined): Promise<void> {
    const { users, broker, durability } = this.#options;
    const connectionsMax = limitOf(limits?.connectionsMax);
    const channelsMax = limitOf(limits?.channelsMax);
    users.user(name);
    await durability.whenDurable(broker.limitUser(name, { connectionsMax, channelsMax }));
  }

  list(): UserInfo[] {
    return [...this.#options.users].map(({ name, tags }) => ({ name, tags }));
  }

  /** @throws AdministrationError at once when there is no such user */
  #update(name: string, changes: Partial<Omit<User, 'name'>>): Promise<void> {
    const { users, durability } = this.#options;
    return durability.whenDurable(users.update(name, changes));
  }
}

function passwordOf({ password, passwordHash, hashingAlgorithm = DEFAULT_HASHING }: NewUser): PasswordHash {
  if (passwordHash === undefined) return password === undefined ? NO_PASSWORD : hashPassword(password);
  if (password !== undefined) throw new AdministrationError('invalid', 'give a password or its hash, not both');
  // Definitions from elsewhere may name any algorithm.
  if (!isHashingAlgorithm(hashingAlgorithm)) {
    throw new AdministrationError('invalid', `there is no hashing algorithm '${String(hashingAlgorithm)}'`);
  }
  const hash = { hash: passwordHash, algorithm: hashingAlgorithm };
  if (!isWellFormed(hash)) throw new AdministrationError('invalid', `the hash is not one of ${hashingAlgorithm}`);
  return hash;
}
