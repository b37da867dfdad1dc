/** The fanout exchange: the shared suite, and that keys do not count. */

import { expect, test } from 'vitest';
import { bind, describeExchange, routed, testExchange, testQueue } from './exchange.test-suite.ts';

describeExchange('fanout', '');

test('a fanout exchange hands every message to every queue, whatever the keys', () => {
  const exchange = testExchange('fanout');
  bind(exchange, testQueue('a'), 'x');
  bind(exchange, testQueue('b'), '');
  expect(routed(exchange, 'anything')).toEqual(['a', 'b']);
});
