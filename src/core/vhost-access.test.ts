/**
 * Which operation needs which permission, with the words in which it is refused: as RabbitMQ has it.
 */

import { beforeEach, describe, expect, test } from 'vitest';
import { AccessWorld, say } from '../../test/support/access-world.ts';
import { emptyContent, method, type TestConnection } from '../../test/support/amqp-connection.ts';
import { EMPTY_TABLE, table } from '../base/field-table.ts';

const QUEUE = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: false } as const;
const DECLARE_QUEUE = { name: 'queue.declare', queue: 'new', arguments: EMPTY_TABLE, ...QUEUE } as const;
const EXCHANGE = { type: 'direct', internal: false, ...QUEUE } as const;
const DECLARE_EXCHANGE = { name: 'exchange.declare', exchange: 'new', arguments: EMPTY_TABLE, ...EXCHANGE } as const;
const BINDING = { routingKey: 'k', noWait: false, arguments: EMPTY_TABLE } as const;
const BIND = { name: 'queue.bind', queue: 'q', exchange: 'x', ...BINDING } as const;
const CONSUME = { noLocal: false, noAck: false, exclusive: false, noWait: false, arguments: EMPTY_TABLE } as const;
const PUBLISH = { name: 'basic.publish', exchange: 'x', routingKey: 'k', mandatory: false, immediate: false } as const;

/** `none` is needed by nobody; who has only one permission is named after it. */
const USERS = ['configure', 'write', 'read', 'none'] as const;

let world: AccessWorld;
beforeEach(async () => {
  world = new AccessWorld();
  await world.addUser('configure', '.*', '', '');
  await world.addUser('write', '', '.*', '');
  await world.addUser('read', '', '', '.*');
  await world.addUser('none', '', '^$', '');
  const { connection } = world.connect('guest');
  say(connection, 1, { ...DECLARE_QUEUE, queue: 'q' });
  say(connection, 2, { ...DECLARE_EXCHANGE, exchange: 'x' });
  say(connection, 3, { ...DECLARE_EXCHANGE, exchange: 'topic', type: 'topic' });
});

describe('an operation needs its permission, and no other will do', () => {
  test.each([
    [DECLARE_QUEUE, 'configure', "queue 'new'"],
    [{ ...DECLARE_QUEUE, queue: 'q' }, 'configure', "queue 'q'"],
    [
      { name: 'queue.delete', queue: 'absent', ifUnused: false, ifEmpty: false, noWait: false },
      'configure',
      "queue 'absent'",
    ],
    [DECLARE_EXCHANGE, 'configure', "exchange 'new'"],
    [{ name: 'exchange.delete', exchange: 'absent', ifUnused: false, noWait: false }, 'configure', "exchange 'absent'"],
    [{ name: 'queue.purge', queue: 'q', noWait: false }, 'read', "queue 'q'"],
    [{ name: 'basic.get', queue: 'q', noAck: true }, 'read', "queue 'q'"],
    [{ name: 'basic.consume', queue: 'q', consumerTag: '', ...CONSUME }, 'read', "queue 'q'"],
    [PUBLISH, 'write', "exchange 'x'"],
    [{ ...PUBLISH, exchange: '', routingKey: 'q' }, 'write', "exchange 'amq.default'"],
    [{ ...PUBLISH, exchange: 'absent' }, 'write', "exchange 'absent'"],
  ] as const)('%j needs %s access to %s', (asked, needed, resource) => {
    for (const user of USERS) {
      const refused = `ACCESS_REFUSED - ${needed} access to ${resource} in vhost '/' refused for user '${user}'`;
      const said = world.ask(user, asked);
      if (user === needed) expect(said ?? '').not.toContain('ACCESS_REFUSED');
      else expect(said).toContain(refused);
    }
  });

  test.each([
    ['none', "write access to queue 'q'"],
    ['configure', "write access to queue 'q'"],
    ['read', "write access to queue 'q'"],
    ['write', "read access to exchange 'x'"],
  ])('to bind, %s lacks %s', (user, lacking) => {
    const text = `ACCESS_REFUSED - ${lacking} in vhost '/' refused for user '${user}'`;

    expect(world.ask(user, BIND)).toBe(`1 channel.close 403 ${text} 50/20`);
    expect(world.ask(user, { ...BIND, name: 'queue.unbind' })).toBe(`1 channel.close 403 ${text} 50/50`);
  });

  test('binding an exchange to another needs write access to the one and read access to the other', () => {
    const bind = { name: 'exchange.bind', destination: 'x', source: 'amq.fanout', ...BINDING } as const;

    expect(world.ask('read', bind)).toContain("write access to exchange 'x' in vhost '/' refused for user 'read'");
    expect(world.ask('write', bind)).toContain("read access to exchange 'amq.fanout' in vhost '/' refused");
    expect(world.ask('guest', bind)).toBe('1 exchange.bind-ok');
  });

  test('an alternate exchange needs read access to the new exchange and write access to the other', async () => {
    const asked = { ...DECLARE_EXCHANGE, arguments: table({ 'alternate-exchange': 'amq.fanout' }) };
    await world.addUser('reader', '.*', '', '.*');

    expect(world.ask('configure', asked)).toContain("read access to exchange 'new' in vhost '/' refused");
    expect(world.ask('reader', asked)).toContain("write access to exchange 'amq.fanout' in vhost '/' refused");
    expect(world.ask('guest', asked)).toBe('1 exchange.declare-ok');
  });

  test('a dead-letter exchange needs read access to the new queue and write access to the exchange', async () => {
    const asked = { ...DECLARE_QUEUE, arguments: table({ 'x-dead-letter-exchange': '' }) };
    await world.addUser('reader', '.*', '', '.*');

    expect(world.ask('configure', asked)).toContain("read access to queue 'new' in vhost '/' refused");
    expect(world.ask('reader', asked)).toContain("write access to exchange 'amq.default' in vhost '/' refused");
    expect(world.ask('guest', asked)).toBe('1 queue.declare-ok');
  });

  test.each([
    { ...DECLARE_QUEUE, queue: 'q', passive: true },
    { ...DECLARE_EXCHANGE, exchange: 'x', passive: true },
  ])('any permission will do to ask whether $name finds something', (asked) => {
    for (const user of ['configure', 'write', 'read']) expect(world.ask(user, asked)).toBe(`1 ${asked.name}-ok`);
    expect(world.ask('none', asked)).toContain('configure access to ');
  });

  test('who may not know a name does not learn either that it is missing', () => {
    const absent = { ...DECLARE_QUEUE, queue: 'absent', passive: true };

    expect(world.ask('none', absent)).toMatch(/^1 channel.close 403/);
    expect(world.ask('read', absent)).toMatch(/^1 channel.close 404/);
  });
});

describe('topic permissions', () => {
  async function restrict(write: string, read: string, exchange = 'topic'): Promise<TestConnection> {
    await world.addUser('ann');
    await world.administration.topicPermissions.set({ user: 'ann', exchange, write, read });
    return world.connect('ann').connection;
  }

  function publish(connection: TestConnection, exchange: string, routingKey: string): string | undefined {
    return connection.send(method(1, { ...PUBLISH, exchange, routingKey }), emptyContent(1)).at(-1);
  }

  test('publishing is checked by routing key, message by message on one channel', async () => {
    const connection = await restrict('^{username}\\.', '.*');
    say(connection, 1, { name: 'confirm.select', noWait: true });

    expect([publish(connection, 'topic', 'ann.1'), publish(connection, 'topic', 'ann.2')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(publish(connection, 'topic', 'bob.1')).toBe(
      "1 channel.close 403 ACCESS_REFUSED - write access to topic 'bob.1' in exchange 'topic' in vhost '/' refused for user 'ann' 60/40",
    );
  });

  test.each([
    ['CC', ['ann.2'], undefined],
    ['CC', ['ann.2', 'bob.1'], 'bob.1'],
    ['BCC', ['bob.2'], 'bob.2'],
  ])('the routing keys of %s are checked too: %j', async (header, keys, refused) => {
    const connection = await restrict('^{username}\\.', '.*');
    say(connection, 1, { name: 'confirm.select', noWait: true });
    const content = emptyContent(1, { headers: table({ [header]: keys }) });
    const publication = method(1, { ...PUBLISH, exchange: 'topic', routingKey: 'ann.1' });

    expect(connection.send(publication, content).at(-1)).toBe(
      refused === undefined
        ? undefined
        : `1 channel.close 403 ACCESS_REFUSED - write access to topic '${refused}' in exchange 'topic' in vhost '/' refused for user 'ann' 60/40`,
    );
  });

  test('other exchanges and other users are free', async () => {
    const connection = await restrict('', '');
    say(connection, 1, { name: 'confirm.select', noWait: true });

    expect([publish(connection, 'amq.topic', 'k'), publish(connection, 'x', 'k')]).toEqual([undefined, undefined]);
    expect(world.ask('guest', { ...BIND, exchange: 'topic' })).toBe('1 queue.bind-ok');
  });

  test('exchanges of other types are free, whatever was set for them', async () => {
    const connection = await restrict('', '', 'x');
    say(connection, 1, { name: 'confirm.select', noWait: true });

    expect(publish(connection, 'x', 'k')).toBeUndefined();
  });

  test('binding and unbinding are checked by binding key', async () => {
    await restrict('', '^ann\\.');
    const bind = { ...BIND, exchange: 'topic' };

    expect(world.ask('ann', { ...bind, routingKey: 'ann.#' })).toBe('1 queue.bind-ok');
    const refused = "ACCESS_REFUSED - read access to topic '#' in exchange 'topic' in vhost '/' refused for user 'ann'";
    expect(world.ask('ann', { ...bind, routingKey: '#' })).toBe(`1 channel.close 403 ${refused} 50/20`);
    expect(world.ask('ann', { ...bind, routingKey: '#', name: 'queue.unbind' })).toBe(
      `1 channel.close 403 ${refused} 50/50`,
    );
  });

  test('a change holds for the next message of an open channel', async () => {
    const connection = await restrict('.*', '.*');
    say(connection, 1, { name: 'confirm.select', noWait: true });
    publish(connection, 'topic', 'k');
    await world.administration.topicPermissions.set({ user: 'ann', exchange: 'topic', write: '', read: '' });

    expect(publish(connection, 'topic', 'k')).toContain("write access to topic 'k' in exchange 'topic'");
  });

  test('a publisher that loses its write access is refused with the next message', async () => {
    const connection = await restrict('.*', '.*');
    say(connection, 1, { name: 'confirm.select', noWait: true });
    publish(connection, 'x', 'k');
    await world.administration.permissions.set({ user: 'ann', configure: '', write: '', read: '' });

    expect(publish(connection, 'x', 'k')).toContain("write access to exchange 'x' in vhost '/' refused for user 'ann'");
  });
});
