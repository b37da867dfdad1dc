/**
 * What the definition records of one vhost come to, but for exchanges, queues and bindings: its metadata and limits, who
 * may do what in it, its policies and parameters.
 */

import { unreachable } from '../base/assert.ts';
import type { Definition } from '../core/definition-record.ts';

type SetRecord =
  | Definition<'vhost-limits.set'>
  | Definition<'permission.set'>
  | Definition<'topic-permission.set'>
  | Definition<'policy.set'>
  | Definition<'operator-policy.set'>
  | Definition<'parameter.set'>;

type ClearedRecord =
  | Definition<'permission.cleared'>
  | Definition<'topic-permission.cleared'>
  | Definition<'policy.cleared'>
  | Definition<'operator-policy.cleared'>
  | Definition<'parameter.cleared'>;

export class VhostDefinitions {
  /** Says how it is now. */
  added: Definition<'vhost.added'>;
  /** Of its exchanges, queues and bindings. */
  readonly ids = new Set<number>();
  /** By kind and names. */
  readonly #set = new Map<string, SetRecord>();

  constructor(added: Definition<'vhost.added'>) {
    this.added = added;
  }

  /** As records that come to the same. */
  *records(): Iterable<Definition<'vhost.added'> | SetRecord> {
    yield this.added;
    yield* this.#set.values();
  }

  fold(record: SetRecord | ClearedRecord): void {
    switch (record.kind) {
      case 'vhost-limits.set':
        return this.#keep(record, 'limits');
      case 'permission.set':
        return this.#keep(record, 'permission', record.user);
      case 'permission.cleared':
        return this.#drop('permission', record.user);
      case 'topic-permission.set':
        return this.#keep(record, 'topic permission', record.user, record.exchange);
      case 'topic-permission.cleared':
        return this.#clearTopics(record);
      case 'policy.set':
        return this.#keep(record, 'policy', record.name);
      case 'policy.cleared':
        return this.#drop('policy', record.name);
      case 'operator-policy.set':
        return this.#keep(record, 'operator policy', record.name);
      case 'operator-policy.cleared':
        return this.#drop('operator policy', record.name);
      case 'parameter.set':
        return this.#keep(record, 'parameter', record.component, record.name);
      case 'parameter.cleared':
        return this.#drop('parameter', record.component, record.name);
      default:
        return unreachable(record);
    }
  }

  /** A user is gone, and with the user all permissions. */
  forgetUser(user: string): void {
    for (const [key, record] of this.#set) if ('user' in record && record.user === user) this.#set.delete(key);
  }

  #keep(record: SetRecord, ...names: readonly string[]): void {
    this.#set.set(keyOf(names), record);
  }

  #drop(...names: readonly string[]): void {
    this.#set.delete(keyOf(names));
  }

  #clearTopics({ user, exchange }: Definition<'topic-permission.cleared'>): void {
    if (exchange !== undefined) return this.#drop('topic permission', user, exchange);
    for (const [key, record] of this.#set) {
      if (record.kind === 'topic-permission.set' && record.user === user) this.#set.delete(key);
    }
  }
}

/** Names may contain anything: so they are kept apart. */
function keyOf(names: readonly string[]): string {
  return JSON.stringify(names);
}
