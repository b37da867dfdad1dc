/** The default exchange: queues by their names, and nothing to change. */

import { describe, expect, test } from 'vitest';
import type { RoutedQueue } from '../binding.ts';
import { DefaultExchange } from './default.ts';
import { routed, testQueue } from './exchange.test-suite.ts';

const REFUSAL = 'ACCESS_REFUSED - operation not permitted on the default exchange';

describe('the default exchange', () => {
  test('hands a message to the queue of that name, as soon and as long as there is one', () => {
    const queues = new Map<string, RoutedQueue>();
    const exchange = new DefaultExchange(1, (name) => queues.get(name));
    expect(routed(exchange, 'hello')).toEqual([]);
    queues.set('hello', testQueue('hello'));
    expect(routed(exchange, 'hello')).toEqual(['hello']);
    queues.delete('hello');
    expect(routed(exchange, 'hello')).toEqual([]);
  });

  test('refuses to be bound, unbound and deleted', () => {
    const exchange = new DefaultExchange(1, () => undefined);
    expect(() => exchange.bind()).toThrow(REFUSAL);
    expect(() => exchange.unbind()).toThrow(REFUSAL);
    expect(() => exchange.delete()).toThrow(REFUSAL);
  });

  test('has nothing to remove when a queue goes away', () => {
    expect(new DefaultExchange(1, () => undefined).unbindAll()).toEqual([]);
  });
});
