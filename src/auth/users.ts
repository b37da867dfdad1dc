/**
 * The users of the broker: names, password hashes, tags. What they may do is in the permission table.
 */

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

  /** @throws AdministrationError when there is a user of that name, or the name is empty. */
  add(user: User): void {
    if (user.name === '') throw new AdministrationError('invalid', 'a user cannot have an empty name');
    if (this.#users.has(user.name)) throw new AdministrationError('exists', `User "${user.name}" already exists`);
    this.#users.set(user.name, user);
  }

  /** @throws AdministrationError when there is no such user. */
  delete(name: string): void {
    this.user(name);
    this.#users.delete(name);
  }

  /** @throws AdministrationError when there is no such user. */
  update(name: string, changes: Partial<Omit<User, 'name'>>): void {
    this.#users.set(name, { ...this.user(name), ...changes });
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
}
