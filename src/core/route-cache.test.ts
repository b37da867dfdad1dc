/** Routes and their cache: what is found again, what is not, and what it may cost. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Region, regionOf } from '../base/bytes.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import type { RoutedQueue } from './binding.ts';
import { DefaultExchange } from './exchange/default.ts';
import { bind, testExchange, testQueue } from './exchange/exchange.test-suite.ts';
import type { Exchange } from './exchange/exchange.ts';
import type { Route } from './route.ts';
import { RouteCache, resolveRoute } from './route-cache.ts';

const PADDING = 3;

/** A key's bytes somewhere inside a larger buffer, as a protocol has them. */
function place(key: string): [input: Region, start: number, length: number] {
  const bytes = new TextEncoder().encode(key);
  const input = new Uint8Array(bytes.length + 2 * PADDING).fill(0x2e);
  input.set(bytes, PADDING);
  return [regionOf(input), PADDING, bytes.length];
}

function resolve(cache: RouteCache, exchange: Exchange, key: string): Route {
  return resolveRoute(exchange, ...place(key), cache);
}

const namesOf = (route: Route) => route.queues.map(({ name }) => name);

describe('a route', () => {
  test('tells its key, its exchange and its queues', () => {
    const exchange = testExchange('direct');
    bind(exchange, testQueue('q'), 'häse');
    const route = resolve(new RouteCache(), exchange, 'häse');
    expect([route.key, namesOf(route), route.exchange]).toEqual(['häse', ['q'], exchange]);
    expect(new TextDecoder().decode(route.keyBytes.bytes)).toBe('häse');
    expect(new TextDecoder().decode(route.exchangeBytes.bytes)).toBe('test.direct');
  });

  test('keeps its key when the buffer it came from is written over', () => {
    const [input, start, length] = place('key');
    const buffer = regionOf(Buffer.from(input.bytes));
    const route = resolveRoute(testExchange('direct'), buffer, start, length, new RouteCache());
    buffer.bytes.fill(0);
    expect(new TextDecoder().decode(route.keyBytes.bytes)).toBe('key');
  });

  test('has an id that no other route has', () => {
    const cache = new RouteCache();
    const exchange = testExchange('fanout');
    const ids = Array.from({ length: 100 }, (_, index) => resolve(cache, exchange, `k${index}`).id);
    bind(exchange, testQueue('q'), '');
    ids.push(resolve(cache, exchange, 'k0').id);
    expect(new Set(ids).size).toBe(101);
    expect(Math.min(...ids)).toBeGreaterThan(0);
  });
});

describe('the route cache', () => {
  test('a key that was routed before gets the same route without asking the exchange', () => {
    const cache = new RouteCache();
    const exchange = testExchange('topic');
    const route = resolve(cache, exchange, 'a.b');
    expect(resolve(cache, exchange, 'a.b')).toBe(route);
    expect(cache.find(exchange, ...place('a.b'))).toBe(route);
    expect(cache.find(exchange, ...place('a.c'))).toBeUndefined();
    expect(cache.find(testExchange('topic'), ...place('a.b'))).toBeUndefined();
  });

  test('exchanges are told apart even where their ids do not', () => {
    const cache = new RouteCache();
    const exchanges = ['first', 'second'].map((name) => new DefaultExchange(1, () => testQueue(name)));
    const answers = exchanges.map((exchange) => namesOf(resolve(cache, exchange, 'k')));
    expect(answers).toEqual([['first'], ['second']]);
  });

  test('a change of the bindings is seen by the next message, and only for that exchange', () => {
    const cache = new RouteCache();
    const [changed, other] = [testExchange('direct'), testExchange('direct')];
    const [before, untouched] = [resolve(cache, changed, 'k'), resolve(cache, other, 'k')];
    const queue = testQueue('q');
    bind(changed, queue, 'k');
    expect([before.isStale, namesOf(resolve(cache, changed, 'k'))]).toEqual([true, ['q']]);
    changed.unbind(queue, 'k', EMPTY_TABLE);
    expect(namesOf(resolve(cache, changed, 'k'))).toEqual([]);
    expect(resolve(cache, other, 'k')).toBe(untouched);
  });

  test('a route of a deleted exchange is stale', () => {
    const exchange = testExchange('fanout');
    const route = resolve(new RouteCache(), exchange, 'k');
    exchange.delete();
    expect(route.isStale).toBe(true);
  });

  test('the default exchange finds a queue declared after the first message, and one declared anew', () => {
    const queues = new Map<string, RoutedQueue>();
    const exchange = new DefaultExchange(1, (name) => queues.get(name));
    const cache = new RouteCache();
    expect(namesOf(resolve(cache, exchange, 'q'))).toEqual([]);
    expect(cache.size).toBe(0);
    const first = testQueue('q');
    queues.set('q', first);
    const route = resolve(cache, exchange, 'q');
    expect([route.queues, resolve(cache, exchange, 'q') === route]).toEqual([[first], true]);
    first.isDeleted = true;
    const second = testQueue('q');
    queues.set('q', second);
    expect(resolve(cache, exchange, 'q').queues).toEqual([second]);
  });

  test('it always answers as the exchange would, whatever is bound and unbound in between', () => {
    const key = fc.constantFrom('', 'a', 'b', 'a.b', 'abcd', 'abcde', 'x'.repeat(255));
    const step = fc.record({ action: fc.constantFrom('bind', 'unbind', 'publish'), key, which: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const [cache, exchange] = [new RouteCache(), testExchange('direct')];
        const queues = ['q0', 'q1', 'q2'].map(testQueue);
        const bound = new Set<string>();
        for (const { action, key, which } of steps) {
          const queue = queues[which] ?? testQueue('never');
          if (action === 'bind' && bind(exchange, queue, key)) bound.add(`${queue.name} ${key}`);
          if (action === 'unbind' && exchange.unbind(queue, key, EMPTY_TABLE)) bound.delete(`${queue.name} ${key}`);
          const wanted = queues.map(({ name }) => name).filter((name) => bound.has(`${name} ${key}`));
          expect(namesOf(resolve(cache, exchange, key)).sort()).toEqual(wanted);
        }
      }),
    );
  });
});

describe('the memory of the route cache', () => {
  test('is small until it is needed, and enough for all keys in use', () => {
    const cache = new RouteCache(65_536);
    const exchange = testExchange('fanout');
    expect(cache.capacity).toBe(256);
    const routes = Array.from({ length: 2000 }, (_, index) => resolve(cache, exchange, `key.${index}`));
    for (const [index, route] of routes.entries()) expect(resolve(cache, exchange, `key.${index}`)).toBe(route);
    expect(cache.size).toBe(2000);
  });

  test('has a limit, however many keys there are, and new keys are still kept', () => {
    const cache = new RouteCache(1024);
    const exchange = testExchange('fanout');
    for (let index = 0; index < 10_000; index++) {
      const route = resolve(cache, exchange, `key.${index}`);
      expect(cache.find(exchange, ...place(`key.${index}`))).toBe(route);
    }
    expect([cache.capacity, cache.size]).toEqual([1024, 1024]);
  });

  test('stale routes make room for new ones instead of making the cache grow', () => {
    const cache = new RouteCache();
    const exchange = testExchange('fanout');
    for (let round = 0; round < 200; round++) {
      for (let index = 0; index < 20; index++) resolve(cache, exchange, `${round}.${index}`);
      bind(exchange, testQueue('q'), '');
    }
    expect(cache.capacity).toBe(256);
  });

  test('clear lets go of all routes and of room; what is asked for again is routed again', () => {
    const cache = new RouteCache();
    const exchange = testExchange('fanout');
    for (let index = 0; index < 2000; index++) resolve(cache, exchange, `key.${index}`);
    cache.clear();
    expect([cache.capacity, cache.size, cache.find(exchange, ...place('key.1'))]).toEqual([256, 0, undefined]);
    expect(resolve(cache, exchange, 'key.1').key).toBe('key.1');
  });
});
