/** The headers exchange: the shared suite, RabbitMQ 3.10's answers, and the plainest matcher there is. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Field, type FieldTable, type PlainValue, table } from '../../base/field-table.ts';
import { sameValue } from '../field-value.ts';
import { bind, describeExchange, routed, testExchange, testQueue } from './exchange.test-suite.ts';

describeExchange('headers', 'any key');

type Plain = { readonly [name: string]: PlainValue };

/** A message with these headers goes to a queue that was bound with these arguments. */
function isRouted(bindingArguments: Plain, headers: Plain): boolean {
  const exchange = testExchange('headers');
  bind(exchange, testQueue('q'), '', table(bindingArguments));
  return routed(exchange, '', table(headers)).length > 0;
}

describe('a headers exchange', () => {
  test.each<[Plain, Plain, string]>([
    [{}, {}, 'all any- all-with-x any-with-x-'],
    [{}, { a: 1 }, 'all any- all-with-x any-with-x-'],
    [{ a: 1 }, { a: 1, b: 2 }, 'all any all-with-x any-with-x'],
    [{ a: 1, b: 2 }, { a: 1 }, 'all- any all-with-x- any-with-x'],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, 'all any all-with-x any-with-x'],
    [{ 'x-a': 1 }, { a: 1 }, 'all any- all-with-x- any-with-x-'],
    [{ 'x-a': 1 }, { 'x-a': 1 }, 'all any- all-with-x any-with-x'],
    [{ 'x-a': 1, a: 1 }, { 'x-a': 2, a: 1 }, 'all any all-with-x- any-with-x'],
    [{ a: null }, { a: 5 }, 'all any all-with-x any-with-x'],
    [{ a: null }, { a: null }, 'all any all-with-x any-with-x'],
    [{ a: null }, {}, 'all- any- all-with-x- any-with-x-'],
    [{ a: 1 }, { a: null }, 'all- any- all-with-x- any-with-x-'],
    [{ a: 1 }, { a: '1' }, 'all- any- all-with-x- any-with-x-'],
    [{}, { 'x-match': 'all' }, 'all any- all-with-x any-with-x-'],
  ])('bound with %j, given %j: %s', (bindingArguments, headers, outcomes) => {
    for (const outcome of outcomes.split(' ')) {
      const mode = outcome.replace(/-$/, '');
      const answer = isRouted({ 'x-match': mode, ...bindingArguments }, headers);
      expect([mode, answer]).toEqual([mode, outcome === mode]);
    }
    expect(isRouted(bindingArguments, headers)).toBe(isRouted({ 'x-match': 'all', ...bindingArguments }, headers));
  });

  test.each<[PlainValue, string]>([
    ['foo', 'value <<"foo">>; expected all, any, all-with-x, or any-with-x'],
    ['', 'value <<>>; expected all, any, all-with-x, or any-with-x'],
    [5, 'type signedint (value 5); expected longstr'],
    [null, 'type void (value undefined); expected longstr'],
    [Uint8Array.of(97, 108, 108), 'type binary (value <<"all">>); expected longstr'],
  ])('refuses x-match %j and is as before', (value, explanation) => {
    const exchange = testExchange('headers');
    const { epoch } = exchange;
    const badly = () => bind(exchange, testQueue('q'), '', table({ 'x-match': value }));
    expect(badly).toThrow(`PRECONDITION_FAILED - Invalid x-match field ${explanation}`);
    expect([exchange.bindingCount, exchange.epoch, routed(exchange, '')]).toEqual([0, epoch, []]);
  });

  test('routes as the plainest matcher does', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'x-a');
    const value = fc.constantFrom<PlainValue>(1, 1n, 1.5, 'one', '', true, null, Uint8Array.of(1), [1], { a: 1 });
    const headers = fc.dictionary(name, value, { maxKeys: 4 }).map(table);
    const mode = fc.constantFrom('', 'all', 'any', 'all-with-x', 'any-with-x');
    const patterns = fc.array(fc.tuple(mode, headers), { maxLength: 6 });
    fc.assert(
      fc.property(patterns, headers, (list, message) => {
        const exchange = testExchange('headers');
        for (const [index, [matchMode, wanted]] of list.entries()) {
          bind(exchange, testQueue(`${index}`), '', withMode(matchMode, wanted));
        }
        const expected = [...list.keys()].filter((index) => matches(...(list[index] ?? ['', wantsNothing]), message));
        expect(routed(exchange, '', message)).toEqual(expected.map(String));
      }),
      { numRuns: 1000 },
    );
  });
});

const wantsNothing: FieldTable = new Map();

function withMode(mode: string, wanted: FieldTable): FieldTable {
  return mode === '' ? wanted : new Map([...wanted, ...table({ 'x-match': mode })]);
}

/** What the modes mean, said as directly as possible. */
function matches(mode: string, wanted: FieldTable, message: FieldTable): boolean {
  const counting = [...wanted].filter(([name]) => mode.endsWith('-with-x') || !name.startsWith('x-'));
  const isThere = ([name, value]: [string, Field]) => {
    const field = message.get(name);
    return field !== undefined && (value.type === 'V' || sameValue(value, field));
  };
  return mode.startsWith('any') ? counting.some(isThere) : counting.every(isThere);
}
