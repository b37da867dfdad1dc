/**
 * What every exchange type with bindings must do, whatever its way of matching.
 */

import { describe, expect, test } from 'vitest';
import { EMPTY_TABLE, type FieldTable, table } from '../../base/field-table.ts';
import type { Binding, RoutedQueue } from '../binding.ts';
import type { Exchange } from './exchange.ts';
import { TargetSet } from './target-set.ts';
import { createExchange } from './types.ts';

let lastId = 0;

export function testQueue(name: string): RoutedQueue & { isDeleted: boolean } {
  lastId++;
  return { id: lastId, name, isDeleted: false };
}

export function testExchange(type: string): Exchange {
  lastId++;
  const flags = { durable: true, autoDelete: false, internal: false };
  return createExchange({ id: lastId, name: `test.${type}`, type, ...flags, arguments: EMPTY_TABLE });
}

export function testBinding(destination: RoutedQueue, key: string, bindingArguments = EMPTY_TABLE): Binding {
  lastId++;
  return { kind: 'queue', id: lastId, source: 'test', destination, key, arguments: bindingArguments };
}

export function bind(exchange: Exchange, queue: RoutedQueue, key: string, bindingArguments?: FieldTable): boolean {
  return exchange.bind(testBinding(queue, key, bindingArguments));
}

export function bindExchange(source: Exchange, destination: Exchange, key: string): boolean {
  lastId++;
  const names = { id: lastId, source: source.name, key, arguments: EMPTY_TABLE };
  return source.bind({ kind: 'exchange', ...names, destination });
}

/** The names of the queues that a message with this key and these headers goes to. */
export function routed(exchange: Exchange, key: string, headers = EMPTY_TABLE): string[] {
  const targets = new TargetSet();
  exchange.route(key, headers, targets);
  return targets.toArray().map(({ name }) => name);
}

/** @param key a binding key that matches itself as a routing key */
export function describeExchange(type: string, key: string): void {
  describe(`every exchange, here ${type}`, () => {
    test('a message goes to a queue that is bound, and not before', () => {
      const exchange = testExchange(type);
      expect(routed(exchange, key)).toEqual([]);
      expect(bind(exchange, testQueue('a'), key)).toBe(true);
      expect(routed(exchange, key)).toEqual(['a']);
    });

    test('a queue that is bound twice with other arguments gets one copy, until both are gone', () => {
      const exchange = testExchange(type);
      const queue = testQueue('a');
      const other = table({ colour: 'red' });
      expect([bind(exchange, queue, key), bind(exchange, queue, key, other)]).toEqual([true, true]);
      expect(routed(exchange, key)).toEqual(['a']);
      exchange.unbind(queue, key, other);
      expect(routed(exchange, key)).toEqual(['a']);
      exchange.unbind(queue, key, EMPTY_TABLE);
      expect(routed(exchange, key)).toEqual([]);
    });

    test('a queue counts as bound until its last binding is gone', () => {
      const exchange = testExchange(type);
      const [queue, other] = [testQueue('a'), testQueue('b')];
      bind(exchange, queue, key);
      bind(exchange, queue, key, table({ x: 1 }));
      exchange.unbind(queue, key, EMPTY_TABLE);
      expect([exchange.isBoundTo(queue), exchange.isBoundTo(other)]).toEqual([true, false]);
      exchange.unbind(queue, key, table({ x: 1 }));
      expect(exchange.isBoundTo(queue)).toBe(false);
    });

    test('binding again the same way changes nothing', () => {
      const exchange = testExchange(type);
      const queue = testQueue('a');
      bind(exchange, queue, key, table({ x: 1, y: 2 }));
      const { epoch } = exchange;
      expect(bind(exchange, queue, key, table({ y: 2, x: 1 }))).toBe(false);
      expect([exchange.bindingCount, exchange.epoch]).toEqual([1, epoch]);
    });

    test('removing a binding that is not there changes nothing', () => {
      const exchange = testExchange(type);
      const queue = testQueue('a');
      bind(exchange, queue, key);
      const { epoch } = exchange;
      expect(exchange.unbind(queue, key, table({ x: 1 }))).toBeUndefined();
      expect(exchange.unbind(testQueue('a'), key, EMPTY_TABLE)).toBeUndefined();
      expect([exchange.bindingCount, exchange.epoch]).toEqual([1, epoch]);
    });

    test('unbind answers with the binding that was made', () => {
      const exchange = testExchange(type);
      const queue = testQueue('a');
      const binding = testBinding(queue, key);
      exchange.bind(binding);
      expect(exchange.unbind(queue, key, EMPTY_TABLE)).toBe(binding);
      expect(exchange.isUnused).toBe(true);
    });

    test('a queue that goes away takes its bindings and no others', () => {
      const exchange = testExchange(type);
      const [gone, stays] = [testQueue('gone'), testQueue('stays')];
      bind(exchange, gone, key);
      bind(exchange, stays, key);
      bind(exchange, gone, 'another');
      expect(exchange.unbindAll(gone).map((binding) => binding.key)).toEqual([key, 'another']);
      expect([...exchange.bindings].map(({ destination }) => destination.name)).toEqual(['stays']);
      expect(routed(exchange, key)).toEqual(['stays']);
    });

    test('an exchange can be bound as a queue can, and is told apart from a queue of the same name', () => {
      const [exchange, next] = [testExchange(type), testExchange('fanout')];
      expect([bindExchange(exchange, next, key), bindExchange(exchange, next, key)]).toEqual([true, false]);
      expect(bind(exchange, testQueue(next.name), key)).toBe(true);
      const targets = new TargetSet();
      exchange.route(key, EMPTY_TABLE, targets);
      expect(targets.exchangesAfter(0)).toEqual([next]);
      expect(exchange.unbind(next, key, EMPTY_TABLE)?.destination).toBe(next);
      expect([exchange.isBoundTo(next), routed(exchange, key)]).toEqual([false, [next.name]]);
    });

    test('queues get their message in the order in which they were bound', () => {
      const exchange = testExchange(type);
      for (const name of ['c', 'a', 'b']) bind(exchange, testQueue(name), key);
      expect(routed(exchange, key)).toEqual(['c', 'a', 'b']);
    });

    test('many queues each get one copy', () => {
      const exchange = testExchange(type);
      const queues = Array.from({ length: 200 }, (_, index) => testQueue(`q${index}`));
      for (const queue of queues) bind(exchange, queue, key);
      for (const queue of queues) bind(exchange, queue, key, table({ again: true }));
      expect(routed(exchange, key)).toEqual(queues.map(({ name }) => name));
    });

    test('every change of the bindings raises the epoch', () => {
      const exchange = testExchange(type);
      const queue = testQueue('a');
      const epochs = [exchange.epoch];
      const note = () => epochs.push(exchange.epoch);
      bind(exchange, queue, key);
      note();
      exchange.unbind(queue, key, EMPTY_TABLE);
      note();
      bind(exchange, queue, key);
      note();
      exchange.unbindAll(queue);
      note();
      exchange.setAlternate(testExchange('fanout'));
      note();
      exchange.delete();
      note();
      expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    });

    test('a deleted exchange has no bindings and routes nothing', () => {
      const exchange = testExchange(type);
      bind(exchange, testQueue('a'), key);
      exchange.delete();
      expect([exchange.isDeleted, exchange.bindingCount, routed(exchange, key)]).toEqual([true, 0, []]);
    });
  });
}
