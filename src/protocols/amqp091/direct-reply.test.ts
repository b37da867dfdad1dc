/** Direct reply-to between a channel that asks and one that answers. */

import { describe, expect, test } from 'vitest';
import { TestChannel } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

const REPLIES = 'amq.rabbitmq.reply-to';
const REQUEST = { properties: { replyTo: REPLIES, correlationId: '7' } };

function consume(consumerTag: string, { queue = REPLIES, noAck = true } = {}): Method {
  const flags = { noLocal: false, exclusive: false, noWait: false };
  return { name: 'basic.consume', queue, consumerTag, noAck, ...flags, arguments: table({}) };
}

function declare(queue: string, passive = false): Method {
  const flags = { durable: false, exclusive: false, autoDelete: false, noWait: false };
  return { name: 'queue.declare', queue, passive, ...flags, arguments: table({}) };
}

function get(queue: string): Method {
  return { name: 'basic.get', queue, noAck: true };
}

function answers(channel: TestChannel, method: Method): string[] {
  channel.send(method);
  return channel.turnAndTake();
}

/** A channel that waits for replies, one that serves the queue `rpc`, and the address to which it replies. */
function conversation() {
  const client = new TestChannel();
  answers(client, declare('rpc'));
  answers(client, consume('me'));
  client.publish('', 'rpc', 'question', REQUEST);
  client.turn();
  const server = new TestChannel({ world: client.world });
  const address = answers(server, get('rpc'))[0]?.match(/amq\.rabbitmq\.reply-to\.\S+/)?.[0] ?? '';
  return { client, server, address };
}

describe('direct reply-to', () => {
  test('a reply comes to the channel that asked', () => {
    const { client, server, address } = conversation();
    server.publish('', address, 'answer', { properties: { correlationId: '7' } });
    server.turn();
    client.turn();
    expect(client.written()).toEqual([`basic.deliver me 1  ${address} 7 'answer'`]);
  });

  test('a mandatory reply comes to the channel that asked, and back', () => {
    const { client, server, address } = conversation();
    server.publish('', address, 'answer', { mandatory: true });
    expect(server.turnAndTake()).toEqual([`basic.return 312 NO_ROUTE  ${address} 'answer'`]);
    client.turn();
    expect(client.written()).toEqual([`basic.deliver me 1  ${address} 'answer'`]);
  });

  test('a mandatory reply that reaches a queue too does not come back', () => {
    const { server, address } = conversation();
    server.publish('', address, 'answer', { mandatory: true, properties: { headers: table({ CC: ['rpc'] }) } });
    expect(server.turnAndTake()).toEqual([]);
  });

  test('the rest of the request arrives as it was sent', () => {
    const { client, server } = conversation();
    const headers = table({ BCC: ['rpc'], CC: ['rpc'] });
    client.publish('', 'rpc', 'x', { properties: { ...REQUEST.properties, contentType: 'text/plain', headers } });
    expect(answers(server, get('rpc'))).toEqual([
      expect.stringMatching(/^basic\.get-ok 2 .* 0 text\/plain .* 7 amq\.rabbitmq\.reply-to\.\S{22} 'x'$/),
    ]);
  });

  test('each consumer has an address of its own', () => {
    const { client, address } = conversation();
    expect(address).toMatch(/^amq\.rabbitmq\.reply-to\.[\w-]{22}$/);
    const other = new TestChannel({ world: client.world });
    other.send(consume('me'));
    other.written();
    other.publish('', 'rpc', 'question', REQUEST);
    expect(answers(client, get('rpc'))[0]).not.toContain(address);
  });

  test.each([
    [
      'with acknowledgements',
      consume('other', { noAck: false }),
      '406|PRECONDITION_FAILED - reply consumer cannot acknowledge',
    ],
    ['twice', consume('other'), '406|PRECONDITION_FAILED - reply consumer already set'],
  ])('is refused %s', (_case, method, expected) => {
    const { client } = conversation();
    expect(refusalOf(() => client.send(method))).toBe(expected);
  });

  test('may be asked for again after basic.cancel, under a new address', () => {
    const { client, address } = conversation();
    client.send({ name: 'basic.cancel', consumerTag: 'me', noWait: true });
    expect(answers(client, consume('again'))).toEqual(['basic.consume-ok again']);
    client.publish('', 'rpc', 'question', REQUEST);
    expect(answers(client, get('rpc'))[0]).not.toContain(address);
  });

  test('a consumer that is refused leaves no address behind', () => {
    const client = new TestChannel();
    answers(client, declare('q'));
    answers(client, consume('me', { queue: 'q' }));
    expect(refusalOf(() => client.send(consume('me')))).toBe("530|NOT_ALLOWED - attempt to reuse consumer tag 'me'");
    expect(() => client.publish('', 'q', 'm', REQUEST)).toThrow('fast reply consumer does not exist');
  });
});

describe('the address of a reply consumer', () => {
  test('can be asked for by declaring it, as long as the consumer is there', () => {
    const { client, server, address } = conversation();
    expect(answers(server, declare(address))).toEqual([`queue.declare-ok ${address} 0 1`]);
    expect(answers(server, declare(address, true))).toEqual([`queue.declare-ok ${address} 0 1`]);
    expect(answers(server, declare(REPLIES))).toEqual([`queue.declare-ok ${REPLIES} 0 1`]);
    client.channel.close();
    expect(refusalOf(() => server.send(declare(address)))).toBe(`404|NOT_FOUND - no queue '${address}' in vhost '/'`);
  });

  test('is no queue: not listed, not to get from, not to purge, not to consume from', () => {
    const { client, server, address } = conversation();
    expect([...client.world.vhost.queues].map(({ name }) => name)).toEqual(['rpc']);
    const missing = `404|NOT_FOUND - no queue '${address}' in vhost '/'`;
    expect(refusalOf(() => server.send(get(address)))).toBe(missing);
    expect(refusalOf(() => server.send({ name: 'queue.purge', queue: address, noWait: false }))).toBe(missing);
    expect(refusalOf(() => server.send(consume('c', { queue: address })))).toBe(missing);
  });

  test.each(['queue.bind', 'queue.unbind'] as const)('%s is refused', (name) => {
    const { server, address } = conversation();
    const binding = { exchange: 'amq.direct', routingKey: 'k', noWait: false, arguments: table({}) };
    const expected = '403|ACCESS_REFUSED - cannot bind or unbind to a volatile (direct reply-to) queue';
    for (const queue of [address, REPLIES]) {
      expect(refusalOf(() => server.send({ name, queue, ...binding }))).toBe(expected);
    }
  });

  test.each([
    ['cancels', (client: TestChannel) => client.send({ name: 'basic.cancel', consumerTag: 'me', noWait: true })],
    ['closes', (client: TestChannel) => client.channel.close()],
  ])('leads nowhere once its channel %s', (_case, end) => {
    const { client, server, address } = conversation();
    server.publish('', address, 'in time');
    end(client);
    server.publish('', address, 'too late', { mandatory: true });
    expect(server.turnAndTake()).toEqual([`basic.return 312 NO_ROUTE  ${address} 'too late'`]);
    expect(client.world.broker.messages.stats.blocks).toBe(0);
  });

  test('can stand in a CC', () => {
    const { client, server, address } = conversation();
    server.publish('', 'nowhere', 'answer', { properties: { headers: table({ BCC: [address] }) } });
    server.turn();
    client.turn();
    expect(client.written()).toEqual([expect.stringContaining('basic.deliver me 1  nowhere')]);
  });
});

function refusalOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    const { code, message } = error as { code: number; message: string };
    return `${code}|${message}`;
  }
  return 'not refused';
}
