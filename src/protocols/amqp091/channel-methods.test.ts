/** The less frequent methods of a channel: declaring, get, qos, consuming and cancelling, with their answers. */

import { describe, expect, test } from 'vitest';
import { TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

const NO_ARGUMENTS = table({});

type Of<N extends Method['name']> = Extract<Method, { name: N }>;

function declare(queue: string, options: Partial<Of<'queue.declare'>> = {}): Method {
  const flags = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: false };
  return { name: 'queue.declare', queue, ...flags, arguments: NO_ARGUMENTS, ...options };
}

function declareExchange(exchange: string, options: Partial<Of<'exchange.declare'>> = {}): Method {
  const flags = { passive: false, durable: false, autoDelete: false, internal: false, noWait: false };
  return { name: 'exchange.declare', exchange, type: 'direct', ...flags, arguments: NO_ARGUMENTS, ...options };
}

function consume(queue: string, consumerTag: string, options: Partial<Of<'basic.consume'>> = {}): Method {
  const flags = { noLocal: false, noAck: false, exclusive: false, noWait: false };
  return { name: 'basic.consume', queue, consumerTag, ...flags, arguments: NO_ARGUMENTS, ...options };
}

function bind(queue: string, exchange: string, routingKey: string): Method {
  return { name: 'queue.bind', queue, exchange, routingKey, noWait: false, arguments: NO_ARGUMENTS };
}

/** Between the exchange `e` and another one, which is the source. */
function exchangeBinding(name: 'exchange.bind' | 'exchange.unbind', source: string): Method {
  return { name, source, destination: 'e', routingKey: '', noWait: false, arguments: NO_ARGUMENTS };
}

function qos(prefetchCount: number, global: boolean): Method {
  return { name: 'basic.qos', prefetchSize: 0, prefetchCount, global };
}

function get(queue: string, noAck = false): Method {
  return { name: 'basic.get', queue, noAck };
}

function withQueue(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  channel.send(declare('q', { noWait: true }));
  return channel;
}

/** Sends methods. @returns what they were answered with at once. */
function answers(channel: TestChannel, ...methods: readonly Method[]): string[] {
  for (const method of methods) channel.send(method);
  return channel.written();
}

describe('declaring', () => {
  test('is answered with what is there', () => {
    const channel = withQueue();
    channel.publish('', 'q', 'm');
    expect(answers(channel, declare('q'), declare('q', { passive: true }), consume('q', 'c'))).toEqual([
      'queue.declare-ok q 1 0',
      'queue.declare-ok q 1 0',
      'basic.consume-ok c',
    ]);
    expect(answers(channel, declareExchange('x'), declareExchange('x', { passive: true, type: '' }))).toEqual([
      'exchange.declare-ok',
      'exchange.declare-ok',
    ]);
  });

  test('passively asks only', () => {
    const channel = withQueue();
    expect(() => channel.send(declare('p', { passive: true }))).toThrow("NOT_FOUND - no queue 'p' in vhost '/'");
    expect(() => channel.send(declareExchange('x', { passive: true }))).toThrow(
      "NOT_FOUND - no exchange 'x' in vhost '/'",
    );
  });

  test('with no-wait is not answered', () => {
    const noWait = true;
    expect(answers(withQueue(), declare('p', { noWait }), declareExchange('x', { noWait }))).toEqual([]);
  });

  test('is answered once the log has it, and no input is taken before', () => {
    const channel = new TestChannel({ flushesLate: () => 2 });
    channel.send(declare('q', { durable: true }));
    expect([channel.written(), channel.channel.isWaiting]).toEqual([[], true]);
    expect([channel.turnAndTake(), channel.turnAndTake(), channel.channel.isWaiting]).toEqual([[], [], true]);
    expect([channel.turnAndTake(), channel.channel.isWaiting]).toEqual([['queue.declare-ok q 0 0'], false]);
  });

  test.each([
    ['exchange.declare', declareExchange('x', { durable: true }), 'exchange.declare-ok'],
    ['queue.bind', bind('d', 'amq.direct', 'k'), 'queue.bind-ok'],
    [
      'queue.delete',
      { name: 'queue.delete', queue: 'd', ifUnused: false, ifEmpty: false, noWait: false },
      'queue.delete-ok 0',
    ],
    [
      'queue.unbind',
      { name: 'queue.unbind', queue: 'd', exchange: 'amq.fanout', routingKey: '', arguments: NO_ARGUMENTS },
      'queue.unbind-ok',
    ],
    ['exchange.bind', exchangeBinding('exchange.bind', 'amq.direct'), 'exchange.bind-ok'],
    ['exchange.unbind', exchangeBinding('exchange.unbind', 'amq.fanout'), 'exchange.unbind-ok'],
    [
      'exchange.delete',
      { name: 'exchange.delete', exchange: 'e', ifUnused: false, noWait: false },
      'exchange.delete-ok',
    ],
  ] as const)('%s of something durable waits for the log too', (_name, method, answer) => {
    let late = 0;
    const channel = new TestChannel({ flushesLate: () => late });
    channel.send(declare('d', { durable: true, noWait: true }));
    channel.send(declareExchange('e', { durable: true, noWait: true }));
    channel.send(bind('d', 'amq.fanout', ''));
    channel.send(exchangeBinding('exchange.bind', 'amq.fanout'));
    channel.turnAndTake();
    late = 1;
    channel.send(method);
    expect([channel.turnAndTake(), channel.turnAndTake()]).toEqual([[], [answer]]);
  });

  test.each([
    ['declares the same', declare('d', { durable: true }), 'queue.declare-ok d 0 0'],
    ['asks whether it is there', declare('d', { passive: true }), 'queue.declare-ok d 0 0'],
    ['declares the same exchange', declareExchange('e', { durable: true }), 'exchange.declare-ok'],
    ['asks whether the exchange is there', declareExchange('e', { passive: true }), 'exchange.declare-ok'],
    ['makes the same binding', bind('d', 'e', ''), 'queue.bind-ok'],
  ])('who %s waits as well for what another client has declared just now', (_name, method, answer) => {
    const first = new TestChannel({ flushesLate: () => 1 });
    const second = new TestChannel({ world: first.world, number: 2 });
    first.send(declare('d', { durable: true, noWait: true }));
    first.send(declareExchange('e', { durable: true, noWait: true }));
    first.send(bind('d', 'e', ''));
    second.send(method);
    expect([second.turnAndTake(), second.turnAndTake()]).toEqual([[], [answer]]);
  });

  test('who deletes what another client has deleted just now waits as well', () => {
    let late = 0;
    const first = new TestChannel({ flushesLate: () => late });
    const second = new TestChannel({ world: first.world, number: 2 });
    first.send(declare('d', { durable: true, noWait: true }));
    first.turn();
    late = 1;
    for (const channel of [first, second]) {
      channel.send({ name: 'queue.delete', queue: 'd', ifUnused: false, ifEmpty: false, noWait: false });
    }
    expect([second.turnAndTake(), second.turnAndTake()]).toEqual([[], ['queue.delete-ok 0']]);
  });

  test('what has no record waits for nobody', () => {
    const channel = new TestChannel({ flushesLate: () => 1 });
    channel.send(declare('d', { durable: true, noWait: true }));
    expect(answers(channel, declare('t'), declare('t'), declare('t', { passive: true }))).toEqual([
      'queue.declare-ok t 0 0',
      'queue.declare-ok t 0 0',
      'queue.declare-ok t 0 0',
    ]);
  });

  test('an empty name is the queue declared last', () => {
    const channel = withQueue();
    expect(answers(channel, bind('', 'amq.direct', ''), consume('', 'c'))).toEqual([
      'queue.bind-ok',
      'basic.consume-ok c',
    ]);
    channel.publish('amq.direct', 'q', 'm');
    expect(channel.turnAndTake()).toEqual(["basic.deliver c 1 amq.direct q 'm'"]);
    expect(() => new TestChannel().send(get(''))).toThrow('NOT_FOUND - no previously declared queue');
  });

  test('binding, unbinding, purging and deleting are answered', () => {
    const channel = withQueue();
    for (const body of ['a', 'b']) channel.publish('', 'q', body);
    expect(
      answers(
        channel,
        bind('q', 'amq.direct', 'k'),
        { name: 'queue.unbind', queue: 'q', exchange: 'amq.direct', routingKey: 'k', arguments: NO_ARGUMENTS },
        { name: 'queue.purge', queue: 'q', noWait: false },
        { name: 'queue.delete', queue: 'q', ifUnused: true, ifEmpty: true, noWait: false },
        { name: 'exchange.delete', exchange: 'gone', ifUnused: false, noWait: false },
      ),
    ).toEqual(['queue.bind-ok', 'queue.unbind-ok', 'queue.purge-ok 2', 'queue.delete-ok 0', 'exchange.delete-ok']);
  });
});

describe('get', () => {
  test('takes one message, says how many are left, and says when there is none', () => {
    const channel = withQueue();
    for (const body of ['a', 'b']) channel.publish('', 'q', body);
    expect(answers(channel, get('q'), get('q', true), get('q'))).toEqual([
      "basic.get-ok 1  q 1 'a'",
      "basic.get-ok 2  q 0 'b'",
      'basic.get-empty',
    ]);
    expect(channel.channel.unacked.length).toBe(1);
  });

  test('waits for a message that is on its way back into memory', () => {
    const channel = withQueue({ shouldPageOut: () => true, turnsLate: () => 2 });
    for (let index = 0; index < 16 + 2 * 1024; index++) channel.publish('', 'q', `${index}`);
    for (let index = 0; index < 16; index++) channel.send(get('q', true));
    channel.written();
    channel.send(get('q', true));
    expect([channel.written(), channel.channel.isWaiting]).toEqual([[], true]);
    channel.turn();
    channel.turn();
    expect([channel.written(), channel.channel.isWaiting]).toEqual([["basic.get-ok 17  q 2047 '16'"], false]);
  });

  test('that waits is answered when its queue is deleted', () => {
    const channel = withQueue({ shouldPageOut: () => true, turnsLate: () => 100 });
    for (let index = 0; index < 16 + 2 * 1024; index++) channel.publish('', 'q', `${index}`);
    for (let index = 0; index < 17; index++) channel.send(get('q', true));
    channel.written();
    channel.world.vhost.deleteQueue(channel.world.owner, 'q', { ifUnused: false, ifEmpty: false });
    expect(channel.turnAndTake()).toEqual(['basic.get-empty']);
  });
});

describe('qos', () => {
  /** Sends so many messages. @returns the tags of the consumers that got them. */
  function consumersGiven(channel: TestChannel, count: number): string[] {
    for (let index = 0; index < count; index++) channel.publish('', 'q', 'm');
    return channel.turnAndTake().map((line) => line.split(' ')[1] ?? '');
  }

  test('without global limits each consumer that comes later', () => {
    const channel = withQueue();
    const methods = [consume('q', 'a'), qos(1, false), consume('q', 'b')];
    expect(answers(channel, ...methods)).toEqual(['basic.consume-ok a', 'basic.qos-ok', 'basic.consume-ok b']);
    expect(consumersGiven(channel, 5)).toEqual(['a', 'b', 'a', 'a', 'a']);
  });

  test('with global limits all consumers of the channel together', () => {
    const channel = withQueue();
    answers(channel, consume('q', 'a'), consume('q', 'b'), qos(3, true));
    expect(consumersGiven(channel, 5)).toEqual(['a', 'b', 'a']);
  });

  test('raising the global limit lets consumers go on', () => {
    const channel = withQueue();
    answers(channel, qos(1, true), consume('q', 'a'));
    expect(consumersGiven(channel, 3)).toEqual(['a']);
    answers(channel, qos(0, true));
    expect(consumersGiven(channel, 0)).toEqual(['a', 'a']);
  });

  test('a prefetch size is not implemented', () => {
    const method = { name: 'basic.qos', prefetchSize: 10, prefetchCount: 0, global: false } as const;
    expect(() => new TestChannel().send(method)).toThrow('NOT_IMPLEMENTED - prefetch_size!=0 (10)');
  });
});

describe('consuming', () => {
  test('consume-ok comes before the first delivery', () => {
    const channel = withQueue();
    channel.publish('', 'q', 'm');
    channel.send(consume('q', ''));
    const [answer, delivery] = channel.turnAndTake();
    expect(answer).toMatch(/^basic\.consume-ok amq\.ctag-[\w-]{22}$/);
    expect(delivery).toMatch(/^basic\.deliver amq\.ctag-[\w-]{22} 1 {2}q 'm'$/);
  });

  test.each([
    ['a tag in use', [consume('q', 'c'), consume('q', 'c')], "530 NOT_ALLOWED - attempt to reuse consumer tag 'c'"],
    [
      'a queue in exclusive use',
      [consume('q', 'c', { exclusive: true }), consume('q', 'd')],
      "403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
    ],
    [
      'exclusive use of a queue with consumers',
      [consume('q', 'c'), consume('q', 'd', { exclusive: true })],
      "403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
    ],
    [
      'too many',
      ['a', 'b', 'c', 'd'].map((tag) => consume('q', tag)),
      '530 NOT_ALLOWED - reached maximum (3) of consumers per channel',
    ],
    ['a missing queue', [consume('p', 'c')], "404 NOT_FOUND - no queue 'p' in vhost '/'"],
  ] as const)('is refused: %s', (_why, methods, refusal) => {
    const channel = withQueue({ consumersMax: 3 });
    const [code] = refusal.split(' ');
    expect(() => answers(channel, ...methods)).toThrow(
      expect.objectContaining({ code: Number(code), message: refusal.slice(4) }),
    );
  });

  test('a cancelled consumer gets nothing more, and its tag is free', () => {
    const channel = withQueue();
    const cancel = { name: 'basic.cancel', consumerTag: 'c', noWait: false } as const;
    expect(answers(channel, consume('q', 'c'), cancel, cancel)).toEqual([
      'basic.consume-ok c',
      'basic.cancel-ok c',
      'basic.cancel-ok c',
    ]);
    channel.publish('', 'q', 'm');
    expect(channel.turnAndTake()).toEqual([]);
    expect(answers(channel, consume('q', 'c'))).toEqual(['basic.consume-ok c']);
  });

  test.each([
    [true, ['basic.cancel c noWait']],
    [false, []],
  ])('a consumer whose queue is deleted is told, when its client understands it: %s', (canCancelConsumers, told) => {
    const channel = withQueue({ canCancelConsumers });
    channel.send(consume('q', 'c', { noWait: true }));
    channel.world.vhost.deleteQueue(channel.world.owner, 'q', { ifUnused: false, ifEmpty: false });
    expect([channel.written(), channel.channel.consumers.size]).toEqual([told, 0]);
  });

  test('stops while the output is full, and goes on when it has drained', () => {
    const channel = withQueue({ outputBytesMax: 250 });
    channel.send(consume('q', 'c', { noAck: true }));
    for (let index = 0; index < 5; index++) channel.publish('', 'q', new Uint8Array(101));
    channel.turn();
    expect(channel.written().length).toBe(1 + 2);
    channel.turn();
    expect(channel.written()).toEqual([]);
    channel.channel.drained();
    expect(channel.turnAndTake().length).toBe(2);
    channel.channel.drained();
    expect(channel.turnAndTake().length).toBe(1);
  });

  test('another channel gets what a full one cannot take', () => {
    const full = withQueue({ outputBytesMax: 0 });
    const other = new TestChannel({ world: full.world, number: 2 });
    full.send(consume('q', 'c', { noAck: true }));
    other.send(consume('q', 'd', { noAck: true, noWait: true }));
    for (const body of ['a', 'b']) other.publish('', 'q', body);
    other.turn();
    expect(full.written()).toEqual(['basic.consume-ok c']);
    expect(other.written()).toEqual(["basic.deliver d 1  q 'a'", "basic.deliver d 2  q 'b'"]);
  });
});

describe('other methods', () => {
  test('recover gives everything back and is answered', () => {
    const channel = withQueue();
    channel.publish('', 'q', 'm');
    answers(channel, get('q'));
    expect(answers(channel, { name: 'basic.recover', requeue: true })).toEqual(['basic.recover-ok']);
    expect(answers(channel, get('q'))).toEqual(["basic.get-ok 2 redelivered  q 0 'm'"]);
  });

  test.each([
    [{ name: 'basic.recover', requeue: false }, 'NOT_IMPLEMENTED - requeue=false'],
    [{ name: 'channel.flow', active: false }, 'NOT_IMPLEMENTED - active=false'],
  ] as const)('%o is not implemented', (method, text) => {
    expect(() => new TestChannel().send(method)).toThrow(text);
  });

  test('a method that only a server sends ends the connection', () => {
    expect(() => new TestChannel().send({ name: 'channel.flow-ok', active: true })).toThrow(
      'COMMAND_INVALID - unimplemented method',
    );
  });

  test('access.request gets the ticket that every client gets', () => {
    const request: Method = {
      name: 'access.request',
      realm: '/data',
      exclusive: false,
      passive: true,
      active: true,
      write: true,
      read: true,
    };
    expect(answers(new TestChannel(), request)).toEqual(['access.request-ok 1']);
  });

  test('an unknown method ends the connection', () => {
    const refusal = { code: 503, message: 'COMMAND_INVALID - unknown method 60/999' };
    expect(() => new TestChannel().raw((60 << 16) | 999, new Uint8Array(0))).toThrow(expect.objectContaining(refusal));
  });
});
