/** What definition records come to: in order, listed and read again, and read again from a checkpoint that took its time. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DefinitionHistory } from '../../test/support/definition-history.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import { type DefinitionRecord, NO_METADATA } from '../core/definition-record.ts';
import { decodeDefinition, encodeDefinition } from './definition-codec.ts';
import { DefinitionState } from './definition-state.ts';

function stateOf(records: Iterable<DefinitionRecord>): DefinitionState {
  const state = new DefinitionState();
  for (const record of records) state.fold(record);
  return state;
}

/** As texts in an order of their own, without the highest id. */
function contents(records: Iterable<DefinitionRecord>): string[] {
  const texts = [...records].filter(({ kind }) => kind !== 'ids.used').map(textOf);
  return texts.sort();
}

function textOf(record: DefinitionRecord): string {
  return new TextDecoder().decode(encodeDefinition(record));
}

const steps = fc.array(fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }), { maxLength: 120, size: 'max' });

function historyOf(sequence: readonly (readonly number[])[]): DefinitionHistory {
  const history = new DefinitionHistory();
  for (const numbers of sequence) history.step(numbers);
  return history;
}

const VHOST: DefinitionRecord = { kind: 'vhost.added', vhost: '/', metadata: NO_METADATA };
const USER: DefinitionRecord = { kind: 'user.set', user: 'u', password: { hash: '', algorithm: '' }, tags: [] };

function queue(id: number, name = 'q', vhost = '/'): DefinitionRecord {
  return { kind: 'queue.declared', id, vhost, name, autoDelete: false, arguments: EMPTY_TABLE };
}

function binding(id: number, queueId: number): DefinitionRecord {
  return { kind: 'binding.added', id, vhost: '/', source: 'amq.topic', queueId, key: '', arguments: EMPTY_TABLE };
}

describe('the state of definitions', () => {
  test('is what the records say, whatever was defined and deleted', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const history = historyOf(sequence);
        const state = stateOf(history.records);
        expect(contents(state.records())).toEqual(contents(history.present));
        expect(state.highestId).toBe(history.highestId);
      }),
      { numRuns: 500 },
    );
  });

  test('is the same when it is listed, written, and read again', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const state = stateOf(historyOf(sequence).records);
        const listed = [...state.records()].map((record) => decodeDefinition(encodeDefinition(record)));
        const again = stateOf(listed);
        expect([...again.records()]).toEqual([...state.records()]);
        expect(again.highestId).toBe(state.highestId);
      }),
      { numRuns: 500 },
    );
  });

  test('is the same from a listing that took its time, and the records since it began', () => {
    const pauses = fc.array(fc.nat(3), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(steps, fc.nat(120), pauses, (sequence, begin, pace) => {
        const { records } = historyOf(sequence);
        const live = stateOf(records.slice(0, begin));
        const restarted = stateOf(listSlowly(live, records.slice(begin), pace));
        for (const record of records.slice(begin)) restarted.fold(record);
        expect(contents(restarted.records())).toEqual(contents(stateOf(records).records()));
        expect(restarted.highestId).toBe(live.highestId);
      }),
      { numRuns: 1000 },
    );
  });

  test('does not mix what is deleted with what is declared again under its name', () => {
    const state = stateOf([VHOST, queue(1), binding(2, 1), queue(3, 'q'), { kind: 'queue.deleted', id: 1 }]);
    expect([state.findQueue(1), state.findQueue(3)]).toEqual([undefined, queue(3)]);
    expect([...state.records()]).toEqual([{ kind: 'ids.used', highest: 3 }, VHOST, queue(3)]);
  });

  test('knows queues by their ids only', () => {
    const state = stateOf([VHOST, queue(1), binding(2, 1)]);
    expect([1, 2, 3].map((id) => state.findQueue(id))).toEqual([queue(1), undefined, undefined]);
  });

  test('forgets no id that was given, so that none is given twice', () => {
    const state = stateOf([VHOST, queue(7), { kind: 'queue.deleted', id: 7 }]);
    expect(stateOf(state.records()).highestId).toBe(7);
    expect(stateOf([queue(9, 'q', 'gone'), { kind: 'binding.removed', id: 11 }]).highestId).toBe(11);
  });

  test('drops what belongs to something unknown', () => {
    const permission = { user: 'u', vhost: '/', configure: '', write: '', read: '' };
    const orphans: DefinitionRecord[] = [
      queue(1, 'q', 'gone'),
      binding(2, 1),
      { kind: 'permission.set', ...permission, user: 'gone' },
      { kind: 'permission.set', ...permission, vhost: 'gone' },
      { kind: 'user-limits.set', user: 'gone', connectionsMax: 1, channelsMax: 1 },
      { kind: 'exchange-binding.added', id: 3, vhost: '/', source: 1, destination: 9, key: '', arguments: EMPTY_TABLE },
    ];
    expect(contents(stateOf([VHOST, USER, ...orphans]).records())).toEqual(contents([VHOST, USER]));
  });

  test.each([
    [[], true],
    [[VHOST], false],
    [[USER], false],
    [[VHOST, USER, { kind: 'vhost.deleted', vhost: '/' }, { kind: 'user.deleted', user: 'u' }], true],
    [[{ kind: 'global-parameter.set', name: 'cluster_name', value: 'c' }], true],
  ] as const)('after %j is that of an empty node: %s', (records, isEmpty) => {
    expect(stateOf(records).isEmpty).toBe(isEmpty);
  });
});

describe('a state of which records are lost', () => {
  test('keeps the younger of two queues or exchanges with one name, and the bindings of that', () => {
    const exchange = (id: number): DefinitionRecord => {
      const shape = { vhost: '/', name: 'q', type: 'direct', autoDelete: false, internal: false };
      return { kind: 'exchange.declared', id, ...shape, arguments: EMPTY_TABLE };
    };
    const binding = (id: number, queueId: number): DefinitionRecord => {
      return { kind: 'binding.added', id, vhost: '/', source: 'amq.direct', queueId, key: '', arguments: EMPTY_TABLE };
    };
    const gone: number[] = [];
    const state = new DefinitionState((id) => gone.push(id));
    const records = [
      VHOST,
      queue(1),
      exchange(2),
      binding(3, 1),
      queue(4),
      queue(5, 'other'),
      binding(6, 4),
      exchange(7),
    ];
    for (const record of records) state.fold(record);
    state.dropOvertaken();

    expect(gone).toEqual([1]);
    expect(contents(state.records())).toEqual(
      contents([VHOST, queue(4), queue(5, 'other'), binding(6, 4), exchange(7)]),
    );
  });

  test('keeps what has one name in several vhosts', () => {
    const other: DefinitionRecord = { kind: 'vhost.added', vhost: 'other', metadata: NO_METADATA };
    const records = [VHOST, other, queue(1), queue(2, 'q', 'other')];
    const state = stateOf(records);
    state.dropOvertaken();

    expect(contents(state.records())).toEqual(contents(records));
  });
});

/** Lists a state while records come in between. */
function listSlowly(
  state: DefinitionState,
  coming: readonly DefinitionRecord[],
  pace: readonly number[],
): DefinitionRecord[] {
  const left = [...coming];
  const listed: DefinitionRecord[] = [];
  for (const record of state.records()) {
    listed.push(record);
    for (const next of left.splice(0, pace[listed.length % pace.length])) state.fold(next);
  }
  for (const next of left) state.fold(next);
  return listed;
}
