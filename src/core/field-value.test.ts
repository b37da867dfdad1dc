/** Values as RabbitMQ compares and prints them; the tables are what a RabbitMQ 3.10 answered. */

import { describe, expect, test } from 'vitest';
import { type Field, table } from '../base/field-table.ts';
import { fieldTerm, fieldText, fieldTypeName, sameValue } from './field-value.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const one = (type: 'b' | 's' | 'I' | 'f' | 'd'): Field => ({ type, value: 1 });
const tableOf = (entries: [string, Field][]): Field => ({ type: 'F', value: new Map(entries) });

/** Groups of equal values; no value of one group equals one of another. */
const GROUPS: readonly (readonly Field[])[] = [
  [one('b'), one('s'), one('I'), { type: 'l', value: 1n }, one('f'), one('d'), { type: 'T', value: 1n }],
  [
    { type: 'S', value: bytes('1') },
    { type: 'x', value: bytes('1') },
  ],
  [{ type: 'S', value: bytes('') }],
  [{ type: 't', value: true }],
  [{ type: 't', value: false }],
  [{ type: 'D', scale: 0, value: 1 }],
  [{ type: 'D', scale: 1, value: 10 }],
  [{ type: 'V' }],
  [{ type: 'A', value: [] }, tableOf([])],
  [{ type: 'A', value: [one('I')] }],
  [{ type: 'A', value: [one('d')] }],
  [{ type: 'A', value: [one('I'), one('I')] }],
  [tableOf([['a', one('I')]])],
  [tableOf([['b', one('I')]])],
  [tableOf([['a', one('d')]])],
  [
    tableOf([
      ['a', one('I')],
      ['b', one('I')],
    ]),
  ],
  [
    tableOf([
      ['b', one('I')],
      ['a', one('I')],
    ]),
  ],
  [
    { type: 'd', value: 0 },
    { type: 'd', value: -0 },
  ],
  [{ type: 'l', value: 2n ** 53n + 1n }],
  [{ type: 'd', value: 2 ** 53 }],
];

test('values are the same by worth at the top, by type and order inside arrays and tables', () => {
  for (const [index, group] of GROUPS.entries()) {
    for (const [otherIndex, other] of GROUPS.entries()) {
      for (const a of group) {
        for (const b of other) expect([a, b, sameValue(a, b)]).toEqual([a, b, index === otherIndex]);
      }
    }
  }
});

describe('printing', () => {
  test.each<[string, string, string, Field]>([
    ['longstr', 'ae', '<<"ae">>', { type: 'S', value: bytes('ae') }],
    ['longstr', '', '<<>>', { type: 'S', value: bytes('') }],
    ['binary', 'say "a\\b"', '<<"say \\"a\\\\b\\"">>', { type: 'x', value: bytes('say "a\\b"') }],
    ['longstr', "a'\u0001\ufffd", '<<97,39,1,195>>', { type: 'S', value: Uint8Array.of(97, 39, 1, 195) }],
    ['signedint', '5', '5', { type: 'I', value: 5 }],
    ['double', '1.0', '1.0', { type: 'd', value: 1 }],
    ['double', '1.5', '1.5', { type: 'd', value: 1.5 }],
    ['bool', 'true', 'true', { type: 't', value: true }],
    ['void', 'undefined', 'undefined', { type: 'V' }],
    ['decimal', '{1,15}', '{1,15}', { type: 'D', scale: 1, value: 15 }],
    ['timestamp', '1577836800', '1577836800', { type: 'T', value: 1577836800n }],
    ['array', '[{signedint,1}]', '[{signedint,1}]', { type: 'A', value: [one('I')] }],
    ['table', '[{<<"a">>,longstr,<<"b">>}]', '[{<<"a">>,longstr,<<"b">>}]', { type: 'F', value: table({ a: 'b' }) }],
  ])('a %s is quoted as %s and printed as %s', (type, quoted, term, field) => {
    expect([fieldTypeName(field), fieldText(field), fieldTerm(field)]).toEqual([type, quoted, term]);
  });
});
