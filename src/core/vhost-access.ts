/**
 * Whether a user may do something in one vhost: RabbitMQ's map of operations to permissions. The vhost asks before it
 * does, in the order in which RabbitMQ checks.
 */

import { refusal } from './errors.ts';
import type { Owner } from './owner.ts';
import type { Access, Permissions } from './ports.ts';

type Kind = 'queue' | 'exchange';

/** Permissions name the default exchange so. */
const DEFAULT_EXCHANGE = 'amq.default';

export class VhostAccess {
  readonly #vhost: string;
  readonly #permissions: Permissions;

  constructor(vhost: string, permissions: Permissions) {
    this.#vhost = vhost;
    this.#permissions = permissions;
  }

  /** Rises when an answer may be old. */
  get epoch(): number {
    return this.#permissions.epoch;
  }

  may(owner: Owner, kind: Kind, name: string, access: Access): boolean {
    return this.#permissions.mayAccess(owner.user, this.#vhost, kind, permissionName(kind, name), access);
  }

  /** @throws BrokerError 403 */
  assertMay(owner: Owner, kind: Kind, name: string, access: Access): void {
    if (this.may(owner, kind, name, access)) return;
    throw refusal.accessRefused(access, kind, permissionName(kind, name), this.#vhost, owner.user);
  }

  /**
   * For passive declarations: who may do anything with a name may know whether it is there. RabbitMQ from 4.2.7; before,
   * everybody might.
   * @throws BrokerError 403
   */
  assertMayKnow(owner: Owner, kind: Kind, name: string): void {
    if (this.may(owner, kind, name, 'read') || this.may(owner, kind, name, 'write')) return;
    this.assertMay(owner, kind, name, 'configure');
  }

  /** A new exchange hands what it cannot route to another one. @throws BrokerError 403 */
  assertMayAlternate(owner: Owner, exchange: string, alternate: string): void {
    this.assertMay(owner, 'exchange', exchange, 'read');
    this.assertMay(owner, 'exchange', alternate, 'write');
  }

  /** A new queue hands its dead letters to an exchange. @throws BrokerError 403 */
  assertMayDeadLetter(owner: Owner, queue: string, exchange: string): void {
    this.assertMay(owner, 'queue', queue, 'read');
    this.assertMay(owner, 'exchange', exchange, 'write');
  }

  /** Whether `assertMayUseTopic` has something to say about this exchange: ask once, not for each message. */
  hasTopicRules(owner: Owner, exchange: TopicExchange): boolean {
    return exchange.type === 'topic' && this.#permissions.hasTopicRules(owner.user, this.#vhost, exchange.name);
  }

  /** What a topic exchange is given by routing key. @throws BrokerError 403 */
  assertMayUseTopic(owner: Owner, exchange: TopicExchange, routingKey: string, access: 'write' | 'read'): void {
    if (!this.hasTopicRules(owner, exchange)) return;
    const { name } = exchange;
    const use = { user: owner.user, vhost: this.#vhost, exchange: name, routingKey, access };
    if (this.#permissions.mayUseTopic(use)) return;
    throw refusal.topicRefused(access, routingKey, name, this.#vhost, owner.user);
  }
}

/** What the check needs of an exchange. */
interface TopicExchange {
  readonly name: string;
  readonly type: string;
}

function permissionName(kind: Kind, name: string): string {
  return kind === 'exchange' && name === '' ? DEFAULT_EXCHANGE : name;
}
