/** The topic exchange: the shared suite, the patterns of the tutorials, and the limit on wildcards. */

import { describe, expect, test } from 'vitest';
import { EMPTY_TABLE } from '../../base/field-table.ts';
import { bind, describeExchange, routed, testExchange, testQueue } from './exchange.test-suite.ts';
import { createExchange } from './types.ts';

describeExchange('topic', 'stock.usd.nyse');

describe('a topic exchange', () => {
  test.each([
    ['#', ['', 'a', 'a.b.c'], []],
    ['mysql.*', ['mysql.error', 'mysql.'], ['mysql', 'mysql.a.b', 'pgsql.error']],
    ['*.error', ['mysql.error', '.error'], ['error', 'a.b.error']],
    ['*.django.*', ['a.django.b'], ['django', 'a.django', 'django.b']],
    ['#.a', ['a', 'x.a', 'x.y.a'], ['a.x', 'ba', '']],
    ['a.#', ['a', 'a.x', 'a.x.y'], ['x.a', 'ab', '']],
    ['a.#.b', ['a.b', 'a.x.b', 'a.b.x.b'], ['a', 'b', 'a.b.x']],
    ['*.#', ['a', 'a.b', '.'], ['']],
    ['#.*.#.*', ['a.b', 'a.b.c'], ['', 'a']],
    ['*', ['a'], ['', 'a.b']],
    ['*.*', ['.', 'a.b'], ['', 'a']],
    ['', [''], ['a', '.']],
    ['a.*.c', ['a.*.c', 'a.#.c'], ['a.c']],
  ])('matches %j with %j and not with %j', (pattern, matching, others) => {
    const exchange = testExchange('topic');
    bind(exchange, testQueue('q'), pattern);
    for (const key of matching) expect([key, routed(exchange, key)]).toEqual([key, ['q']]);
    for (const key of others) expect([key, routed(exchange, key)]).toEqual([key, []]);
  });

  test('takes any number of wildcards unless a limit is set', () => {
    expect(bind(testExchange('topic'), testQueue('q'), '#.a.#.b.#')).toBe(true);
  });

  test('refuses a binding key with more wildcards than the limit, and is as before', () => {
    const flags = { durable: true, autoDelete: false, internal: false };
    const declaration = { id: 1, name: 'x', type: 'topic', ...flags, arguments: EMPTY_TABLE };
    const exchange = createExchange(declaration, { topicWildcardsMax: 2 });
    const { epoch } = exchange;
    expect(() => bind(exchange, testQueue('q'), '#.a.#.b.#')).toThrow(
      "PRECONDITION_FAILED - Topic binding key '#.a.#.b.#' uses 3 '#' wildcards, at most 2 are allowed",
    );
    expect([exchange.bindingCount, exchange.epoch, routed(exchange, 'a.b')]).toEqual([0, epoch, []]);
    expect(bind(exchange, testQueue('q'), '#.a#.*.##.#')).toBe(true);
  });
});
