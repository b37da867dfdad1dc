/** The table of exchange types. */

import { expect, test } from 'vitest';
import { testExchange } from './exchange.test-suite.ts';
import { EXCHANGE_TYPES } from './types.ts';

test('an exchange of each listed type can be made, and has what was declared', () => {
  expect(EXCHANGE_TYPES).toEqual(['direct', 'fanout', 'topic', 'headers']);
  for (const type of EXCHANGE_TYPES) {
    const exchange = testExchange(type);
    expect(exchange).toMatchObject({ type, name: `test.${type}`, durable: true, autoDelete: false, internal: false });
    expect(new TextDecoder().decode(exchange.nameBytes.bytes)).toBe(`test.${type}`);
  }
});

test.each(['unknown', '', 'constructor', 'Direct'])('the type %j is refused', (type) => {
  expect(() => testExchange(type)).toThrow(`PRECONDITION_FAILED - unknown exchange type '${type}'`);
});
