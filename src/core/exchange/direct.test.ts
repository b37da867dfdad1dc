/** The direct exchange: the shared suite, and matching by equal keys. */

import { expect, test } from 'vitest';
import { bind, describeExchange, routed, testExchange, testQueue } from './exchange.test-suite.ts';

describeExchange('direct', 'info');

test('a direct exchange hands a message to the queues bound with exactly its key', () => {
  const exchange = testExchange('direct');
  const [all, errors] = [testQueue('all'), testQueue('errors')];
  for (const key of ['info', 'error']) bind(exchange, all, key);
  bind(exchange, errors, 'error');
  bind(exchange, testQueue('wild'), '#');
  expect(routed(exchange, 'error')).toEqual(['all', 'errors']);
  expect(routed(exchange, 'info')).toEqual(['all']);
  expect(routed(exchange, 'Error')).toEqual([]);
});
