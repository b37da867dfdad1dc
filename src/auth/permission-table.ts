/**
 * Who may do what: for each user and vhost three patterns for the names of queues and exchanges, and for topic exchanges
 * two more for routing keys.
 *
 * Every change is a record in the log, but for what goes with a user or a vhost: the record of that says so already.
 */

import type { Access, Log, PatternMatcher, Permissions, Ticket, TopicUse } from '../core/ports.ts';
import { AdministrationError } from './administration-error.ts';
import type { Users } from './users.ts';

/** Patterns for names, unanchored; an empty one, like `^$`, allows nothing. */
export interface Permission {
  readonly user: string;
  readonly vhost: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/**
 * Patterns for the routing keys of one exchange: `write` of messages, `read` of bindings. `{username}`, `{vhost}` and
 * `{client_id}` stand for the user's own.
 */
export interface TopicPermission {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

/** An empty pattern would match every name; it is meant to match none. */
const NOTHING = '^$';
const CLIENT_ID = '{client_id}';

/** A topic permission as it was given, and its patterns with what is known of their variables. */
interface TopicEntry {
  readonly given: TopicPermission;
  readonly write: string;
  readonly read: string;
}

export class PermissionTable implements Permissions {
  /** By vhost, then by user. */
  readonly #permissions = new Map<string, Map<string, Permission>>();
  /** By vhost, then by user, then by exchange. */
  readonly #topics = new Map<string, Map<string, Map<string, TopicEntry>>>();
  readonly #patterns: PatternMatcher;
  readonly #users: Users;
  readonly #log: Pick<Log, 'define'>;
  #epoch = 0;

  constructor(users: Users, patterns: PatternMatcher, log: Pick<Log, 'define'>) {
    this.#users = users;
    this.#patterns = patterns;
    this.#log = log;
  }

  get epoch(): number {
    return this.#epoch;
  }

  mayAccess(user: string, vhost: string, _kind: 'queue' | 'exchange', name: string, access: Access): boolean {
    const permission = this.find(user, vhost);
    return permission !== undefined && this.#patterns.matches(permission[access] || NOTHING, name);
  }

  hasTopicRules(user: string, vhost: string, exchange: string): boolean {
    return this.#topics.get(vhost)?.get(user)?.has(exchange) === true;
  }

  /** Asked for each message to an exchange with topic rules. */
  mayUseTopic({ user, vhost, exchange, routingKey, access, clientId }: TopicUse): boolean {
    const entry = this.#topics.get(vhost)?.get(user)?.get(exchange);
    if (entry === undefined) return true;
    const pattern = clientId === undefined ? entry[access] : withValue(entry[access], CLIENT_ID, clientId);
    return this.#patterns.matches(pattern, routingKey);
  }

  hasTag(user: string, tag: string): boolean {
    return this.#users.find(user)?.tags.includes(tag) === true;
  }

  /** What a user may do in a vhost; without it the user cannot open the vhost. */
  find(user: string, vhost: string): Permission | undefined {
    return this.#permissions.get(vhost)?.get(user);
  }

  /** @returns the record's ticket. @throws AdministrationError when a pattern is none. */
  set(permission: Permission): Ticket {
    this.assertPatterns(permission.configure, permission.write, permission.read);
    this.restore(permission);
    return this.#log.define({ kind: 'permission.set', ...permission });
  }

  /** Without permissions there is nothing to do, also not with topics. @returns the record's ticket. */
  clear(user: string, vhost: string): Ticket {
    this.#permissions.get(vhost)?.delete(user);
    this.#epoch++;
    return this.#log.define({ kind: 'permission.cleared', user, vhost });
  }

  /** @returns the record's ticket. @throws AdministrationError when a pattern is none. */
  setTopic(permission: TopicPermission): Ticket {
    this.assertPatterns(permission.write, permission.read);
    this.restoreTopic(permission);
    return this.#log.define({ kind: 'topic-permission.set', ...permission });
  }

  /** @param exchange all of them unless given. @returns the record's ticket. */
  clearTopic(user: string, vhost: string, exchange?: string): Ticket {
    const ofVhost = this.#topics.get(vhost);
    if (exchange === undefined) ofVhost?.delete(user);
    else ofVhost?.get(user)?.delete(exchange);
    this.#epoch++;
    return this.#log.define({ kind: 'topic-permission.cleared', user, vhost, exchange });
  }

  /** Puts back what was set before a restart. */
  restore(permission: Permission): void {
    child(this.#permissions, permission.vhost).set(permission.user, permission);
    this.#epoch++;
  }

  /** Puts back what was set before a restart. */
  restoreTopic(permission: TopicPermission): void {
    const { user, vhost, exchange } = permission;
    const entry = {
      given: permission,
      write: expand(permission.write || NOTHING, permission),
      read: expand(permission.read || NOTHING, permission),
    };
    child(child(this.#topics, vhost), user).set(exchange, entry);
    this.#epoch++;
  }

  clearUser(user: string): void {
    for (const permissions of this.#permissions.values()) permissions.delete(user);
    for (const topics of this.#topics.values()) topics.delete(user);
    this.#epoch++;
  }

  clearVhost(vhost: string): void {
    this.#permissions.delete(vhost);
    this.#topics.delete(vhost);
    this.#epoch++;
  }

  *permissions(): Iterable<Permission> {
    for (const ofVhost of this.#permissions.values()) yield* ofVhost.values();
  }

  *topicPermissions(): Iterable<TopicPermission> {
    for (const ofVhost of this.#topics.values()) {
      for (const ofUser of ofVhost.values()) {
        for (const { given } of ofUser.values()) yield given;
      }
    }
  }

  /** @throws AdministrationError when one is no pattern. */
  assertPatterns(...patterns: readonly string[]): void {
    for (const pattern of patterns) {
      const why = this.#patterns.whyInvalid(pattern);
      if (why !== undefined)
        throw new AdministrationError('invalid', `invalid regular expression '${pattern}': ${why}`);
    }
  }
}

function child<Value>(parent: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let map = parent.get(key);
  if (map === undefined) {
    map = new Map();
    parent.set(key, map);
  }
  return map;
}

function expand(pattern: string, { user, vhost }: TopicPermission): string {
  return withValue(withValue(pattern, '{username}', user), '{vhost}', vhost);
}

/** What a variable stands for is a name, not a pattern: a client that calls itself `.*` does not get everything. */
function withValue(pattern: string, variable: string, name: string): string {
  return pattern.replaceAll(variable, () => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
}
