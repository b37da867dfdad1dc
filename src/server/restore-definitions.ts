/**
 * Makes a new broker have the definitions that the log kept: vhosts, users, permissions, limits, exchanges, queues without
 * messages, bindings. Nothing is checked and nothing is recorded again.
 */

import { isHashingAlgorithm, type PasswordHash } from '../auth/password-hash.ts';
import type { PermissionTable } from '../auth/permission-table.ts';
import type { Users } from '../auth/users.ts';
import { assert } from '../base/assert.ts';
import type { Broker } from '../core/broker.ts';
import type { Definition, DefinitionRecord, ExchangeReference } from '../core/definition-record.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { LogLines } from '../core/log-lines.ts';
import type { Queue } from '../core/queue/queue.ts';
import type { Vhost } from '../core/vhost.ts';
import type { DefinitionState } from '../storage/definition-state.ts';

/** The broker, without anything in it yet. */
export interface RestoreTarget {
  readonly broker: Broker;
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly logLines: LogLines;
}

/** @returns the queues by their ids, for their messages */
export function restoreDefinitions(definitions: DefinitionState, target: RestoreTarget): ReadonlyMap<number, Queue> {
  target.broker.reserveIds(definitions.highestId);
  const restoration = new Restoration(target);
  for (const record of inOrder(definitions.records())) restoration.restore(record);
  return restoration.queues;
}

/**
 * What has no id comes first, then all else by its id: so bindings are made after their ends, and in the order in which
 * they were made, on which the order of delivery depends.
 */
function inOrder(records: Iterable<DefinitionRecord>): DefinitionRecord[] {
  const all = [...records];
  const idOf = (record: DefinitionRecord) => ('id' in record ? record.id : 0);
  return all.sort((a, b) => idOf(a) - idOf(b));
}

class Restoration {
  readonly queues = new Map<number, Queue>();
  readonly #target: RestoreTarget;
  readonly #exchanges = new Map<number, Exchange<Queue>>();

  constructor(target: RestoreTarget) {
    this.#target = target;
  }

  restore(record: DefinitionRecord): void {
    const { broker, users, permissions } = this.#target;
    switch (record.kind) {
      case 'vhost.added':
        broker.restoreVhost(record.vhost, record.metadata);
        return;
      case 'vhost-limits.set':
        return broker.connections.limitVhost(record.vhost, record.connectionsMax);
      case 'user.set':
        return users.restore({ name: record.user, password: passwordOf(record), tags: record.tags });
      case 'user-limits.set':
        return this.#limitUser(record);
      case 'permission.set':
        return permissions.restore(withoutKind(record));
      case 'topic-permission.set':
        return permissions.restoreTopic(withoutKind(record));
      case 'exchange.declared':
        this.#exchanges.set(record.id, this.#vhost(record).restoreExchange(record));
        return;
      case 'queue.declared':
        this.queues.set(record.id, this.#vhost(record).restoreQueue(record));
        return;
      case 'binding.added':
        return this.#bindQueue(record);
      case 'exchange-binding.added':
        return this.#bindExchange(record);
      default:
        // Of what is gone a state has no records. Nothing in the broker asks for policies and parameters yet; the log keeps
        // them.
        return;
    }
  }

  #limitUser({ user, connectionsMax, channelsMax }: Definition<'user-limits.set'>): void {
    this.#target.broker.connections.limitUser(user, { connectionsMax, channelsMax });
  }

  #bindQueue(record: Definition<'binding.added'>): void {
    const source = this.#source(record);
    const queue = this.queues.get(record.queueId);
    assert(queue !== undefined, 'a binding without its queue was kept');
    if (source === undefined) return;
    const { id, key, arguments: bindingArguments } = record;
    const rule = { id, source: source.name, key, arguments: bindingArguments };
    this.#vhost(record).restoreBinding(source, { kind: 'queue', ...rule, destination: queue });
  }

  #bindExchange(record: Definition<'exchange-binding.added'>): void {
    const source = this.#source(record);
    const destination = this.#exchange(record, record.destination);
    if (source === undefined || destination === undefined) return;
    const { id, key, arguments: bindingArguments } = record;
    const rule = { id, source: source.name, key, arguments: bindingArguments };
    this.#vhost(record).restoreBinding(source, { kind: 'exchange', ...rule, destination });
  }

  #source(record: Definition<'binding.added'> | Definition<'exchange-binding.added'>): Exchange<Queue> | undefined {
    return this.#exchange(record, record.source);
  }

  /** Undefined for one of the broker's own that this version does not have. */
  #exchange({ vhost }: { readonly vhost: string }, reference: ExchangeReference): Exchange<Queue> | undefined {
    if (typeof reference === 'number') return this.#exchanges.get(reference);
    const exchange = this.#vhost({ vhost }).findExchange(reference);
    if (exchange !== undefined) return exchange;
    this.#target.logLines.warning(`a binding is left out: there is no exchange '${reference}' in vhost '${vhost}'`);
    return undefined;
  }

  #vhost({ vhost: name }: { readonly vhost: string }): Vhost {
    const vhost = this.#target.broker.findVhost(name);
    assert(vhost !== undefined, 'something without its vhost was kept');
    return vhost;
  }
}

function withoutKind<Record extends DefinitionRecord>({ kind: _kind, ...fields }: Record): Omit<Record, 'kind'> {
  return fields;
}

/** @throws Error when the hash is of a kind that this version does not know */
function passwordOf({ user, password: { hash, algorithm } }: Definition<'user.set'>): PasswordHash {
  if (isHashingAlgorithm(algorithm)) return { hash, algorithm };
  throw new Error(`the password of user '${user}' is hashed with '${algorithm}', which this version does not know`);
}
