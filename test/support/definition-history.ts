/**
 * A history of definitions as a broker writes it, from random numbers: nothing is declared in a vhost that is not there, no
 * id is given twice. And what it comes to, kept in the plainest way: a list of records that is searched from end to end.
 */

import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import type { Definition, DefinitionRecord, ExchangeReference } from '../../src/core/definition-record.ts';

/** Two of them may read like two others. */
const NAMES = ['a', 'b', 'aa', 'ab'] as const;
const PREDECLARED = ['amq.direct', 'amq.topic'] as const;

type Name = (typeof NAMES)[number];
type Pick = <Item>(items: readonly Item[]) => Item | undefined;

export class DefinitionHistory {
  readonly records: DefinitionRecord[] = [];
  highestId = 0;
  /** The records that say what there is. */
  #present: DefinitionRecord[] = [];

  get present(): readonly DefinitionRecord[] {
    return this.#present;
  }

  /** Goes on by one record, or by none where that is not possible now. @param numbers decide what it says */
  step(numbers: readonly number[]): void {
    const left = [...numbers];
    const next = () => left.shift() ?? 0;
    const pick: Pick = (items) => items[next() % Math.max(1, items.length)];
    const make = STEPS[next() % STEPS.length];
    const record = make?.(this, pick);
    if (record === undefined) return;
    this.records.push(record);
    this.#present = apply(this.#present, record);
    if ('id' in record) this.highestId = Math.max(this.highestId, record.id);
  }

  all<K extends DefinitionRecord['kind']>(kind: K): Definition<K>[] {
    return this.#present.filter((record): record is Definition<K> => record.kind === kind);
  }

  vhost(pick: Pick): string | undefined {
    return pick(this.all('vhost.added'))?.vhost;
  }

  user(pick: Pick): string | undefined {
    return pick(this.all('user.set'))?.user;
  }

  exchange(vhost: string, pick: Pick): ExchangeReference {
    const declared = this.all('exchange.declared').filter((exchange) => exchange.vhost === vhost);
    return pick([...PREDECLARED, ...declared.map(({ id }) => id)]) ?? PREDECLARED[0];
  }

  get nextId(): number {
    return this.highestId + 1;
  }
}

type Step = (history: DefinitionHistory, pick: Pick) => DefinitionRecord | undefined;

/** A step in one of the vhosts, if there is one. */
function inVhost(make: (history: DefinitionHistory, vhost: string, pick: Pick) => DefinitionRecord | undefined): Step {
  return (history, pick) => {
    const vhost = history.vhost(pick);
    return vhost === undefined ? undefined : make(history, vhost, pick);
  };
}

/** A step for one of the users in one of the vhosts. */
function forUser(make: (of: { user: string; vhost: string }, pick: Pick) => DefinitionRecord): Step {
  return inVhost((history, vhost, pick) => {
    const user = history.user(pick);
    return user === undefined ? undefined : make({ user, vhost }, pick);
  });
}

function name(pick: Pick): Name {
  return pick(NAMES) ?? 'a';
}

function policy(vhost: string, pick: Pick) {
  const definition = { 'max-length': NAMES.indexOf(name(pick)) };
  return { vhost, name: name(pick), pattern: name(pick), applyTo: 'all', priority: 0, definition };
}

const STEPS: readonly Step[] = [
  (_, pick) => ({
    kind: 'vhost.added',
    vhost: name(pick),
    metadata: { description: name(pick), tags: [], defaultQueueType: undefined },
  }),
  inVhost((_, vhost) => ({ kind: 'vhost.deleted', vhost })),
  inVhost((_, vhost) => ({ kind: 'vhost-limits.set', vhost, connectionsMax: 1, queuesMax: undefined })),
  (_, pick) => ({ kind: 'user.set', user: name(pick), password: { hash: '', algorithm: '' }, tags: [name(pick)] }),
  (history, pick) => {
    const user = history.user(pick);
    return user === undefined ? undefined : { kind: 'user.deleted', user };
  },
  (history, pick) => {
    const user = history.user(pick);
    return user === undefined ? undefined : { kind: 'user-limits.set', user, connectionsMax: 1, channelsMax: 2 };
  },
  forUser((of, pick) => ({ kind: 'permission.set', ...of, configure: name(pick), write: '', read: '' })),
  forUser((of) => ({ kind: 'permission.cleared', ...of })),
  forUser((of, pick) => ({ kind: 'topic-permission.set', ...of, exchange: name(pick), write: name(pick), read: '' })),
  forUser((of, pick) => ({ kind: 'topic-permission.cleared', ...of, exchange: pick([name(pick), undefined]) })),
  inVhost((_, vhost, pick) => ({ kind: 'policy.set', ...policy(vhost, pick) })),
  inVhost((_, vhost, pick) => ({ kind: 'policy.cleared', vhost, name: name(pick) })),
  inVhost((_, vhost, pick) => ({ kind: 'operator-policy.set', ...policy(vhost, pick) })),
  inVhost((_, vhost, pick) => ({ kind: 'operator-policy.cleared', vhost, name: name(pick) })),
  inVhost((_, vhost, pick) => ({ kind: 'parameter.set', vhost, component: name(pick), name: name(pick), value: 1 })),
  inVhost((_, vhost, pick) => ({ kind: 'parameter.cleared', vhost, component: name(pick), name: name(pick) })),
  (_, pick) => ({ kind: 'global-parameter.set', name: name(pick), value: name(pick) }),
  (_, pick) => ({ kind: 'global-parameter.cleared', name: name(pick) }),
  inVhost((history, vhost, pick) => ({
    kind: 'exchange.declared',
    id: history.nextId,
    vhost,
    name: name(pick),
    type: 'fanout',
    autoDelete: false,
    internal: false,
    arguments: EMPTY_TABLE,
  })),
  (history, pick) => deletion('exchange.deleted', pick(history.all('exchange.declared'))),
  ...twice(
    inVhost((history, vhost, pick) => ({
      kind: 'queue.declared',
      id: history.nextId,
      vhost,
      name: name(pick),
      autoDelete: false,
      arguments: EMPTY_TABLE,
    })),
  ),
  (history, pick) => deletion('queue.deleted', pick(history.all('queue.declared'))),
  ...twice(
    inVhost((history, vhost, pick) => {
      const queue = pick(history.all('queue.declared').filter((declared) => declared.vhost === vhost));
      if (queue === undefined) return undefined;
      const ends = { vhost, source: history.exchange(vhost, pick), queueId: queue.id };
      return { kind: 'binding.added', id: history.nextId, ...ends, key: name(pick), arguments: EMPTY_TABLE };
    }),
  ),
  inVhost((history, vhost, pick) => {
    const ends = { vhost, source: history.exchange(vhost, pick), destination: history.exchange(vhost, pick) };
    return { kind: 'exchange-binding.added', id: history.nextId, ...ends, key: name(pick), arguments: EMPTY_TABLE };
  }),
  (history, pick) =>
    deletion('binding.removed', pick([...history.all('binding.added'), ...history.all('exchange-binding.added')])),
];

/** What a broker does more often. */
function twice(step: Step): readonly [Step, Step] {
  return [step, step];
}

function deletion(
  kind: 'exchange.deleted' | 'queue.deleted' | 'binding.removed',
  of: { readonly id: number } | undefined,
): DefinitionRecord | undefined {
  return of === undefined ? undefined : { kind, id: of.id };
}

function apply(present: readonly DefinitionRecord[], record: DefinitionRecord): DefinitionRecord[] {
  const rest = present.filter((other) => !isEndedBy(other, record));
  return /\.(deleted|cleared|removed)$/.test(record.kind) ? rest : [...rest, record];
}

/** Whether a record says something that holds no longer, now that another one has come. */
function isEndedBy(record: DefinitionRecord, end: DefinitionRecord): boolean {
  switch (end.kind) {
    case 'vhost.deleted':
      return 'vhost' in record && record.vhost === end.vhost;
    case 'user.deleted':
      return 'user' in record && record.user === end.user;
    case 'exchange.deleted':
    case 'queue.deleted':
    case 'binding.removed':
      return ['id', 'source', 'destination', 'queueId'].some((field) => fieldOf(record, field) === end.id);
    case 'topic-permission.cleared':
      return isOfSameName(record, { ...end, exchange: end.exchange ?? fieldOf(record, 'exchange') });
    default:
      return isOfSameName(record, end);
  }
}

interface Kinded {
  readonly kind: string;
  readonly exchange?: unknown;
}

const NAMING = ['vhost', 'user', 'exchange', 'component', 'name', 'id'];

/** Two records of the same thing: `policy.set` and `policy.cleared` with the same names, say. */
function isOfSameName(record: DefinitionRecord, other: Kinded): boolean {
  const subject = ({ kind }: Kinded) => kind.slice(0, kind.lastIndexOf('.'));
  return (
    subject(record) === subject(other) && NAMING.every((field) => fieldOf(record, field) === fieldOf(other, field))
  );
}

function fieldOf(record: object, field: string): unknown {
  return new Map(Object.entries(record)).get(field);
}
