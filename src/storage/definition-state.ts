/**
 * What all definition records come to, read one after the other: the state that a restart begins with, and that a
 * checkpoint writes down.
 *
 * A checkpoint lists it while it changes, and a replay begins with what was listed and reads again every record since the
 * listing began. So records may come twice and after what they led to, and the end must be the same: what is said again is
 * overwritten, what belongs to something unknown is dropped (its own record, or the one that deletes it, is still to
 * come), and what is gone already may go again.
 */

import type { Definition, DefinitionRecord, ExchangeReference } from '../core/definition-record.ts';
import { IdIndex } from './id-index.ts';
import { VhostDefinitions } from './vhost-definitions.ts';

type BindingAdded = Definition<'binding.added'> | Definition<'exchange-binding.added'>;
/** What has an id. */
type Numbered = Definition<'exchange.declared'> | Definition<'queue.declared'> | BindingAdded;

export class DefinitionState {
  #highestId = 0;
  readonly #globalParameters = new Map<string, Definition<'global-parameter.set'>>();
  readonly #users = new Map<string, Definition<'user.set'>>();
  readonly #userLimits = new Map<string, Definition<'user-limits.set'>>();
  readonly #vhosts = new Map<string, VhostDefinitions>();
  readonly #numbered = new Map<number, Numbered>();
  /** By the id of an exchange or queue: the bindings that it is an end of. */
  readonly #bindings = new IdIndex();
  readonly #onQueueGone: (id: number) => void;

  /** @param onQueueGone told of each queue that goes, by itself or with its vhost */
  constructor(onQueueGone: (id: number) => void = () => undefined) {
    this.#onQueueGone = onQueueGone;
  }

  /** The highest id that was ever given, also to what is gone. */
  get highestId(): number {
    return this.#highestId;
  }

  /** There are neither vhosts nor users. */
  get isEmpty(): boolean {
    return this.#vhosts.size === 0 && this.#users.size === 0;
  }

  findQueue(id: number): Definition<'queue.declared'> | undefined {
    const found = this.#numbered.get(id);
    return found?.kind === 'queue.declared' ? found : undefined;
  }

  /**
   * Everything there is, as records that come to the same state. May be taken in steps: what changes in between is listed
   * or is not.
   */
  *records(): Iterable<DefinitionRecord> {
    yield { kind: 'ids.used', highest: this.#highestId };
    yield* this.#globalParameters.values();
    yield* this.#users.values();
    yield* this.#userLimits.values();
    for (const vhost of this.#vhosts.values()) yield* vhost.records();
    // In the order of their coming: a binding comes after its ends.
    yield* this.#numbered.values();
  }

  /** Reads the next record. */
  fold(record: DefinitionRecord): void {
    switch (record.kind) {
      case 'ids.used':
        return this.#used(record.highest);
      case 'global-parameter.set':
        this.#globalParameters.set(record.name, record);
        return;
      case 'global-parameter.cleared':
        this.#globalParameters.delete(record.name);
        return;
      case 'user.set':
        this.#users.set(record.user, record);
        return;
      case 'user-limits.set':
        if (this.#users.has(record.user)) this.#userLimits.set(record.user, record);
        return;
      case 'user.deleted':
        return this.#deleteUser(record.user);
      case 'vhost.added':
        return this.#addVhost(record);
      case 'vhost.deleted':
        return this.#deleteVhost(record.vhost);
      case 'exchange.declared':
      case 'queue.declared':
      case 'binding.added':
      case 'exchange-binding.added':
        return this.#add(record);
      case 'exchange.deleted':
      case 'queue.deleted':
      case 'binding.removed':
        return this.#remove(record.id);
      case 'permission.set':
      case 'topic-permission.set':
        if (this.#users.has(record.user)) this.#vhosts.get(record.vhost)?.fold(record);
        return;
      default:
        this.#vhosts.get(record.vhost)?.fold(record);
    }
  }

  /**
   * Removes exchanges and queues whose names belong to younger ones. Of two with one name the older was deleted; when
   * both are here, the record of that is lost.
   */
  dropOvertaken(): void {
    const youngest = new Map<string, number>();
    const overtaken: number[] = [];
    for (const record of this.#numbered.values()) {
      if (isBinding(record)) continue;
      const key = JSON.stringify([record.kind, record.vhost, record.name]);
      const other = youngest.get(key) ?? record.id;
      if (other !== record.id) overtaken.push(Math.min(other, record.id));
      youngest.set(key, Math.max(other, record.id));
    }
    for (const id of overtaken) this.#remove(id);
  }

  #deleteUser(user: string): void {
    this.#users.delete(user);
    this.#userLimits.delete(user);
    for (const vhost of this.#vhosts.values()) vhost.forgetUser(user);
  }

  #addVhost(added: Definition<'vhost.added'>): void {
    const present = this.#vhosts.get(added.vhost);
    if (present === undefined) this.#vhosts.set(added.vhost, new VhostDefinitions(added));
    else present.added = added;
  }

  #deleteVhost(name: string): void {
    const vhost = this.#vhosts.get(name);
    if (vhost === undefined) return;
    this.#vhosts.delete(name);
    // No binding has an end elsewhere.
    for (const id of vhost.ids) {
      if (this.findQueue(id) !== undefined) this.#onQueueGone(id);
      this.#numbered.delete(id);
      this.#bindings.take(id);
    }
  }

  #used(id: number): void {
    if (id > this.#highestId) this.#highestId = id;
  }

  #add(record: Numbered): void {
    this.#used(record.id);
    const vhost = this.#vhosts.get(record.vhost);
    if (vhost === undefined || !this.#hasEnds(record)) return;
    this.#numbered.set(record.id, record);
    vhost.ids.add(record.id);
    if (isBinding(record)) for (const end of endsOf(record)) this.#bindings.add(end, record.id);
  }

  #remove(id: number): void {
    this.#used(id);
    const record = this.#numbered.get(id);
    if (record === undefined) return;
    this.#numbered.delete(id);
    if (record.kind === 'queue.declared') this.#onQueueGone(id);
    this.#vhosts.get(record.vhost)?.ids.delete(id);
    if (isBinding(record)) for (const end of endsOf(record)) this.#bindings.remove(end, id);
    else for (const binding of this.#bindings.take(id)) this.#remove(binding);
  }

  #hasEnds(record: Numbered): boolean {
    if (!isBinding(record)) return true;
    if (!this.#hasExchange(record.source)) return false;
    if (record.kind === 'binding.added') return this.findQueue(record.queueId) !== undefined;
    return this.#hasExchange(record.destination);
  }

  /** Those that have names here are in every vhost. */
  #hasExchange(reference: ExchangeReference): boolean {
    return typeof reference === 'string' || this.#numbered.get(reference)?.kind === 'exchange.declared';
  }
}

function isBinding(record: Numbered): record is BindingAdded {
  return record.kind === 'binding.added' || record.kind === 'exchange-binding.added';
}

/** The ids of the exchanges and the queue that a binding stands between. */
function endsOf(record: BindingAdded): number[] {
  const ends = [record.source, record.kind === 'binding.added' ? record.queueId : record.destination];
  return ends.filter((end) => typeof end === 'number');
}
