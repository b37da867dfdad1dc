/** Exchanges as a client sees them on its channel: bindings between them, headers, alternates, what is refused. */

import { describe, expect, test } from 'vitest';
import { TestChannel } from '../../../test/support/amqp-channel.ts';
import { EMPTY_TABLE, type FieldTable, table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

type Of<N extends Method['name']> = Extract<Method, { name: N }>;

function declareExchange(exchange: string, type = 'fanout', options: Partial<Of<'exchange.declare'>> = {}): Method {
  const flags = { passive: false, durable: false, autoDelete: false, internal: false, noWait: false };
  return { name: 'exchange.declare', exchange, type, ...flags, arguments: EMPTY_TABLE, ...options };
}

function declareQueue(queue: string): Method {
  const flags = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: false };
  return { name: 'queue.declare', queue, ...flags, arguments: EMPTY_TABLE };
}

function bindQueue(exchange: string, queue: string, bindingArguments: FieldTable = EMPTY_TABLE): Method {
  return { name: 'queue.bind', queue, exchange, routingKey: '', noWait: false, arguments: bindingArguments };
}

function bindExchange(source: string, destination: string, noWait = false): Method {
  return { name: 'exchange.bind', destination, source, routingKey: '', noWait, arguments: EMPTY_TABLE };
}

function unbindExchange(source: string, destination: string): Method {
  return { name: 'exchange.unbind', destination, source, routingKey: '', noWait: false, arguments: EMPTY_TABLE };
}

const get = (queue: string): Method => ({ name: 'basic.get', queue, noAck: true });

/** A channel after these methods; what was answered is gone. */
function channelAfter(...methods: readonly Method[]): TestChannel {
  const channel = new TestChannel();
  for (const method of methods) channel.send(method);
  channel.turnAndTake();
  return channel;
}

/** The bodies that wait in a queue. */
function bodiesIn(channel: TestChannel, queue: string): string[] {
  const bodies: string[] = [];
  for (;;) {
    channel.send(get(queue));
    const [answer = ''] = channel.turnAndTake();
    if (answer === 'basic.get-empty') return bodies;
    bodies.push(answer.split("'").at(-2) ?? answer.split(' ').slice(-2).join(' '));
  }
}

describe('a headers exchange', () => {
  const withQueues = () =>
    channelAfter(
      declareExchange('h', 'headers'),
      declareQueue('red'),
      declareQueue('blue'),
      bindQueue('h', 'red', table({ colour: 'red' })),
      bindQueue('h', 'blue', table({ colour: 'blue' })),
    );
  const headers = (colour: string) => ({ properties: { headers: table({ colour }) } });

  test('routes each message by its own headers, whatever the last one had', () => {
    const channel = withQueues();
    for (const colour of ['red', 'blue', 'red', 'green']) channel.publish('h', 'k', colour, headers(colour));
    channel.publish('h', 'k', 'none');
    expect([bodiesIn(channel, 'red'), bodiesIn(channel, 'blue')]).toEqual([['red', 'red'], ['blue']]);
  });

  test('does so for messages that come in pieces, and for large ones', () => {
    const channel = withQueues();
    channel.publish('h', 'k', 'in pieces', { ...headers('blue'), pieces: [1, 3] });
    channel.publish('h', 'k', 'x'.repeat(100_000), { ...headers('blue'), pieces: [50_000] });
    expect([bodiesIn(channel, 'red'), bodiesIn(channel, 'blue')]).toEqual([[], ['in pieces', '100000 bytes']]);
  });

  test('returns a mandatory message whose headers match nothing', () => {
    const channel = withQueues();
    channel.publish('h', 'k', 'lost', { mandatory: true, ...headers('green') });
    channel.publish('h', 'k', 'found', { mandatory: true, ...headers('red') });
    expect(channel.turnAndTake().map((line) => line.split(' ').slice(0, 3))).toEqual([
      ['basic.return', '312', 'NO_ROUTE'],
    ]);
    expect(bodiesIn(channel, 'red')).toEqual(['found']);
  });
});

describe('exchange.bind', () => {
  test('and exchange.unbind are answered, unless nobody waits', () => {
    const channel = channelAfter(declareExchange('x'), declareExchange('y'));
    for (const method of [bindExchange('x', 'y'), bindExchange('x', 'y', true), unbindExchange('x', 'y')]) {
      channel.send(method);
    }
    expect(channel.turnAndTake()).toEqual(['exchange.bind-ok', 'exchange.unbind-ok']);
  });

  test('is seen by a publisher between two messages that are the same', () => {
    const channel = channelAfter(declareExchange('x'), declareExchange('y'), declareQueue('q'), bindQueue('y', 'q'));
    channel.publish('x', 'k', 'before');
    channel.send(bindExchange('x', 'y'));
    channel.publish('x', 'k', 'while bound');
    channel.send(unbindExchange('x', 'y'));
    channel.publish('x', 'k', 'after');
    channel.turnAndTake();
    expect(bodiesIn(channel, 'q')).toEqual(['while bound']);
  });

  test('to a headers exchange makes headers count from the next message on', () => {
    const channel = channelAfter(
      declareExchange('x'),
      declareExchange('h', 'headers'),
      declareQueue('q'),
      bindQueue('h', 'q', table({ a: 1 })),
    );
    const properties = { headers: table({ a: 1 }) };
    channel.publish('x', 'k', 'before', { properties });
    channel.send(bindExchange('x', 'h'));
    channel.publish('x', 'k', 'match', { properties });
    channel.publish('x', 'k', 'no match');
    channel.turnAndTake();
    expect(bodiesIn(channel, 'q')).toEqual(['match']);
  });
});

describe('an alternate exchange', () => {
  test('makes a mandatory message count as routed', () => {
    const channel = channelAfter(
      declareExchange('x', 'direct', { arguments: table({ 'alternate-exchange': 'ae' }) }),
      declareExchange('ae', 'fanout', { internal: true }),
      declareQueue('q'),
    );
    channel.publish('x', 'k', 'lost', { mandatory: true });
    channel.send(bindQueue('ae', 'q'));
    channel.publish('x', 'k', 'found', { mandatory: true });
    const names = channel.turnAndTake().map((line) => line.split(' ')[0]);
    expect(names).toEqual(['basic.return', 'queue.bind-ok']);
    expect(bodiesIn(channel, 'q')).toEqual(['found']);
  });
});

describe('what is refused', () => {
  test.each<[string, Method, string]>([
    [
      'asking for the default exchange',
      declareExchange('', '', { passive: true }),
      'ACCESS_REFUSED - operation not permitted on the default exchange',
    ],
    ['binding from nowhere', bindExchange('nowhere', 'amq.fanout'), "NOT_FOUND - no exchange 'nowhere' in vhost '/'"],
    [
      'binding to the default exchange',
      bindExchange('amq.fanout', ''),
      'ACCESS_REFUSED - operation not permitted on the default exchange',
    ],
    [
      'an internal exchange asked for as another',
      declareExchange('amq.rabbitmq.trace', 'topic', { durable: true }),
      "PRECONDITION_FAILED - inequivalent arg 'internal' for exchange 'amq.rabbitmq.trace' in vhost '/': received 'false' but current is 'true'",
    ],
  ])('%s', (_, method, text) => {
    expect(() => new TestChannel().send(method)).toThrow(text);
  });

  test('publishing to an internal exchange', () => {
    expect(() => new TestChannel().publish('amq.rabbitmq.trace', 'k', 'm')).toThrow(
      "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'",
    );
  });
});
