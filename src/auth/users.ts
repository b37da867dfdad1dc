/**
 * The users of the broker: names, password hashes, tags. What they may do is in the permission table.
 *
 * Every change is a record in the log; what it returns is the record's ticket.
 */

import type { Log, Ticket } from '../core/ports.ts';
import { AdministrationError } from './administration-error.ts';
import type { PasswordHash } from './password-hash.ts';

export interface User {
  readonly name: string;
  readonly password: PasswordHash;
  /** `administrator`, `management`, `monitoring`, `policymaker`, `impersonator`, or any other word. */
  readonly tags: readonly string[];
}

export class Users {
  readonly #users = new Map<string, User>();
  readonly #log: Pick<Log, 'define'>;

  constructor(log: Pick<Log, 'define'>) {
    this.#log = log;
  }

  /** @throws AdministrationError when there is a user of that name, or the name is empty. */
  add(user: User): Ticket {
    if (user.name === '') throw new AdministrationError('invalid', 'a user cannot have an empty name');
    if (this.#users.has(user.name)) throw new AdministrationError('exists', `User "${user.name}" already exists`);
    return this.#set(user);
  }

  /** What the user may do, and limits, go too. @throws AdministrationError when there is no such user. */
  delete(name: string): Ticket {
    this.user(name);
    this.#users.delete(name);
    return this.#log.define({ kind: 'user.deleted', user: name });
  }

  /** @throws AdministrationError when there is no such user. */
  update(name: string, changes: Partial<Omit<User, 'name'>>): Ticket {
    return this.#set({ ...this.user(name), ...changes });
  }

  /** Puts back a user who was there before a restart. */
  restore(user: User): void {
    this.#users.set(user.name, user);
  }

  find(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** @throws AdministrationError when there is no such user. */
  user(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw new AdministrationError('notFound', `User "${name}" does not exist`);
    return user;
  }

  [Symbol.iterator](): Iterator<User> {
    return this.#users.values();
  }

  #set(user: User): Ticket {
    this.#users.set(user.name, user);
    const { name, password, tags } = user;
    return this.#log.define({ kind: 'user.set', user: name, password, tags });
  }
}
