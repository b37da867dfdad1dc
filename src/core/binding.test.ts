/** What makes two bindings the same. */

import { expect, test } from 'vitest';
import { EMPTY_TABLE, type FieldTable, table } from '../base/field-table.ts';
import { bindingIdentity } from './binding.ts';

test('the order of arguments does not count', () => {
  const one = bindingIdentity('k', table({ a: 1, b: 'x' }));
  expect(bindingIdentity('k', table({ b: 'x', a: 1 }))).toBe(one);
});

test('key, names, values and types of arguments count', () => {
  const long: FieldTable = new Map([['a', { type: 'l', value: 1n }]]);
  const tables = [EMPTY_TABLE, table({ a: 1 }), table({ a: 2 }), table({ b: 1 }), table({ a: '1' }), long];
  const identities = ['k', '', 'k.k'].flatMap((key) => tables.map((each) => bindingIdentity(key, each)));
  expect(new Set(identities).size).toBe(identities.length);
});

test('a key that looks like a key with arguments is another one', () => {
  const [key, withArguments] = ['k', table({ a: 1 })];
  const suffix = bindingIdentity(key, withArguments).slice('1:k'.length);
  expect(bindingIdentity(`k${suffix}`, EMPTY_TABLE)).not.toBe(bindingIdentity(key, withArguments));
});
