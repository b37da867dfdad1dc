/**
 * Users, vhosts and permissions while the broker runs: what an administrator changes, and what clients notice of it.
 */

import { describe, expect, test } from 'vitest';
import { AccessWorld, say } from '../../test/support/access-world.ts';
import { emptyContent, method, open, PROTOCOL_HEADER, startOk, tuneOk } from '../../test/support/amqp-connection.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import { Owner } from '../core/owner.ts';

const GET = { name: 'basic.get', queue: 'q', noAck: true } as const;

const CONSUME = {
  name: 'basic.consume',
  queue: 'q',
  consumerTag: '',
  noLocal: false,
  noAck: false,
  exclusive: false,
  noWait: false,
  arguments: EMPTY_TABLE,
} as const;

const BIND = { name: 'queue.bind', routingKey: '', noWait: true, arguments: EMPTY_TABLE } as const;

/** Without the content headers. */
function methods(written: readonly string[]): string[] {
  return written.filter((line) => line.includes('basic.'));
}

function publish(routingKey: string, exchange = ''): Uint8Array {
  const fields = { exchange, routingKey, mandatory: false, immediate: false };
  return Buffer.concat([method(1, { name: 'basic.publish', ...fields }), emptyContent(1)]);
}

const DECLARE = {
  name: 'queue.declare',
  queue: 'q',
  passive: false,
  durable: false,
  exclusive: false,
  autoDelete: false,
  noWait: false,
  arguments: EMPTY_TABLE,
} as const;

describe('users', () => {
  test('a new user logs in with the password, and opens no vhost before there is a permission', async () => {
    const world = new AccessWorld();
    await world.administration.users.add('ann', { password: 'secret', tags: ['monitoring'] });

    expect(world.connect('ann', '/', 'secret').said).toBe(
      "connection.close 530 NOT_ALLOWED - access to vhost '/' refused for user 'ann' 10/40",
    );
    await world.administration.permissions.set({ user: 'ann', configure: '', write: '', read: '' });
    expect(world.connect('ann', '/', 'secret').said).toBe('connection.open-ok');
    expect(world.administration.users.list()).toContainEqual({ name: 'ann', tags: ['monitoring'] });
  });

  test('a wrong password is refused', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');

    expect(world.connect('ann', '/', 'wrong').said).toMatch(/^connection.close 403 ACCESS_REFUSED - Login was refused/);
  });

  test('a hash from RabbitMQ is taken as it is', async () => {
    const world = new AccessWorld();
    const passwordHash = 'oZHm3VrQGCQNsZ9Pyal8G7wlaG8xhyUSTnF/++wubnqznVzy';
    await world.administration.users.add('ann', { passwordHash });
    await world.administration.permissions.set({ user: 'ann', configure: '', write: '', read: '' });

    expect(world.connect('ann', '/', 'secret').said).toBe('connection.open-ok');
  });

  test('another password counts from the next login on; open connections stay', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const { connection } = world.connect('ann');
    await world.administration.users.setPassword('ann', 'new');

    expect(connection.written()).toEqual([]);
    expect(world.connect('ann', '/', 'new').said).toBe('connection.open-ok');
    expect(world.connect('ann', '/', 'ann').said).toMatch(/^connection.close 403/);
  });

  test.each(['clearPassword', 'setPasswordHash'] as const)(
    'after %s to nothing no password will do',
    async (change) => {
      const world = new AccessWorld();
      await world.addUser('ann');
      await world.administration.users[change]('ann', '');

      expect(world.connect('ann').said).toMatch(/^connection.close 403/);
    },
  );

  test('who is deleted is disconnected with 320, and others stay', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    await world.addUser('bob');
    const [ann, bob] = [world.connect('ann').connection, world.connect('bob').connection];
    await world.administration.users.delete('ann');

    expect(ann.written()).toEqual(["connection.close 320 CONNECTION_FORCED - user 'ann' is deleted 0/0"]);
    expect(bob.written()).toEqual([]);
    expect(world.connect('ann').said).toMatch(/^connection.close 403/);
  });

  test('who is deleted and added again has no permissions any more', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    await world.administration.users.delete('ann');
    await world.administration.users.add('ann', { password: 'ann' });

    expect(world.connect('ann').said).toMatch(/^connection.close 530/);
  });

  test('a limit of connections holds from then on', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    await world.administration.users.setLimits('ann', { connectionsMax: 1 });

    expect(world.connect('ann').said).toBe('connection.open-ok');
    expect(world.connect('ann').said).toBe(
      "connection.close 530 NOT_ALLOWED - connection refused for user 'ann': user connection limit (1) is reached 10/40",
    );
  });

  test.each([
    [
      'a name that is taken',
      (world: AccessWorld) => world.administration.users.add('guest'),
      'User "guest" already exists',
    ],
    ['an empty name', (world: AccessWorld) => world.administration.users.add(''), 'a user cannot have an empty name'],
    [
      'a hash that is none',
      (world: AccessWorld) => world.administration.users.add('ann', { passwordHash: 'x' }),
      'the hash is not one of rabbit_password_hashing_sha256',
    ],
    [
      'to delete who is not there',
      (world: AccessWorld) => world.administration.users.delete('ann'),
      'User "ann" does not exist',
    ],
    [
      'tags for who is not there',
      (world: AccessWorld) => world.administration.users.setTags('ann', []),
      'User "ann" does not exist',
    ],
  ])('%s is refused', async (_what, act, text) => {
    await expect(act(new AccessWorld())).rejects.toThrow(text);
  });
});

describe('vhosts', () => {
  test('each has queues of its own', async () => {
    const world = new AccessWorld();
    await world.administration.vhosts.add('other', { description: 'the other one', tags: ['production'] });
    await world.administration.permissions.set({
      user: 'guest',
      vhost: 'other',
      configure: '.*',
      write: '.*',
      read: '.*',
    });
    say(world.connect('guest').connection, 1, DECLARE);

    const { connection } = world.connect('guest', 'other');
    expect(say(connection, 1, { ...DECLARE, passive: true })).toBe(
      "1 channel.close 404 NOT_FOUND - no queue 'q' in vhost 'other' 50/10",
    );
    expect(world.administration.vhosts.list()).toEqual([
      { name: '/', description: '', tags: [] },
      { name: 'other', description: 'the other one', tags: ['production'] },
    ]);
  });

  test('nothing goes from one to another, whatever has the same name there', async () => {
    const world = new AccessWorld();
    await world.administration.vhosts.add('other');
    await world.administration.permissions.set({
      user: 'guest',
      vhost: 'other',
      configure: '.*',
      write: '.*',
      read: '.*',
    });
    const connections = ['/', 'other'].map((vhost) => world.connect('guest', vhost).connection);
    for (const connection of connections) {
      say(connection, 1, DECLARE);
      connection.send(method(1, { ...BIND, queue: 'q', exchange: 'amq.fanout' }));
    }
    connections[0]?.send(publish('q'), publish('', 'amq.fanout'));

    const counts = ['/', 'other'].map((vhost) => world.world.broker.findVhost(vhost)?.findQueue('q')?.readyCount);
    expect(counts).toEqual([2, 0]);
  });

  test('a deleted one takes everything with it: connections with 320, queues, exchanges, permissions', async () => {
    const world = new AccessWorld();
    const permission = { user: 'guest', vhost: 'other', configure: '.*', write: '.*', read: '.*' };
    await world.administration.vhosts.add('other');
    await world.administration.permissions.set(permission);
    const { connection } = world.connect('guest', 'other');
    say(connection, 1, DECLARE);
    const vhost = world.world.broker.findVhost('other');
    await world.administration.vhosts.delete('other');

    expect(connection.written()).toEqual(["connection.close 320 CONNECTION_FORCED - vhost 'other' is deleted 0/0"]);
    expect([vhost?.queueCount, [...(vhost?.exchanges ?? [])].map(({ name }) => name)]).toEqual([0, ['']]);
    expect(world.connect('guest', 'other').said).toBe('connection.close 530 NOT_ALLOWED - vhost other not found 10/40');
    await world.administration.vhosts.add('other');
    expect(world.connect('guest', 'other').said).toMatch(/^connection.close 530 NOT_ALLOWED - access to vhost/);
  });

  test('one that is there already stays as it is when it is added again', async () => {
    const world = new AccessWorld();
    say(world.connect('guest').connection, 1, DECLARE);
    await world.administration.vhosts.add('/');

    expect(world.world.vhost.queueCount).toBe(1);
  });

  test('a limit of connections holds from then on', async () => {
    const world = new AccessWorld();
    await world.administration.vhosts.setLimits('/', { connectionsMax: 0 });

    expect(world.connect('guest').said).toBe(
      "connection.close 530 NOT_ALLOWED - access to vhost '/' refused for user 'guest': connection limit (0) is reached 10/40",
    );
  });

  test.each([
    [
      'to delete one that is not there',
      (world: AccessWorld) => world.administration.vhosts.delete('v'),
      "Virtual host 'v' does not exist",
    ],
    ['an empty name', (world: AccessWorld) => world.administration.vhosts.add(''), 'a vhost cannot have an empty name'],
  ])('%s is refused', async (_what, act, text) => {
    await expect(act(new AccessWorld())).rejects.toThrow(text);
  });
});

describe('permissions', () => {
  test('what is taken away is taken from open channels too', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const { connection } = world.connect('ann');
    say(connection, 1, DECLARE);
    await world.administration.permissions.set({ user: 'ann', configure: '.*', write: '.*', read: '' });

    expect(connection.send(method(1, GET))).toEqual([
      "1 channel.close 403 ACCESS_REFUSED - read access to queue 'q' in vhost '/' refused for user 'ann' 60/70",
    ]);
  });

  test('who has none any more stays connected, and can do nothing', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const { connection } = world.connect('ann');
    await world.administration.permissions.clear({ user: 'ann' });

    expect(connection.written()).toEqual([]);
    expect(say(connection, 1, DECLARE)).toMatch(/^1 channel.close 403 ACCESS_REFUSED - configure access/);
  });

  test('a consumer of a queue that may no longer be read is cancelled, and keeps what it has', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const { connection } = world.connect('ann');
    const { broker, vhost } = world.world;
    for (const queue of ['q', 'other']) {
      vhost.declareQueue(new Owner('guest', 'declares'), { ...DECLARE, name: queue });
    }
    say(connection, 1, CONSUME);
    connection.send(method(1, { ...CONSUME, queue: 'other' }), publish('q'));
    broker.endTurn(10);
    expect(methods(connection.written())).toEqual(['1 basic.deliver']);
    await world.administration.permissions.set({ user: 'ann', configure: '.*', write: '.*', read: '^other$' });
    connection.hold(publish('q'), publish('other'));
    broker.endTurn(10);

    expect(methods(connection.written())).toEqual(['1 basic.cancel', '1 basic.deliver']);
    const queues = ['q', 'other'].map((name) => vhost.findQueue(name));
    expect(queues.map((queue) => [queue?.consumerCount, queue?.readyCount, queue?.unackedCount])).toEqual([
      [0, 1, 1],
      [1, 0, 1],
    ]);
  });

  test('a client that cannot be told just gets no more', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const connection = world.connection();
    connection.send(PROTOCOL_HEADER, startOk({ response: '\0ann\0ann', properties: EMPTY_TABLE }), tuneOk(), open('/'));
    say(connection, 1, DECLARE);
    connection.send(method(1, CONSUME));
    await world.administration.permissions.clear({ user: 'ann' });

    expect(connection.written()).toEqual([]);
    expect(world.world.vhost.findQueue('q')?.consumerCount).toBe(0);
  });

  test('others, other vhosts and direct replies are not concerned', async () => {
    const world = new AccessWorld();
    await world.addUser('ann');
    await world.addUser('bob');
    const [ann, bob] = [world.connect('ann').connection, world.connect('bob').connection];
    say(bob, 1, DECLARE);
    bob.send(method(1, CONSUME));
    say(ann, 1, { ...CONSUME, queue: 'amq.rabbitmq.reply-to', noAck: true });
    await world.administration.vhosts.add('v');
    await world.administration.permissions.set({ user: 'bob', vhost: 'v', configure: '', write: '', read: '' });
    await world.administration.permissions.clear({ user: 'ann' });

    expect([ann.written(), bob.written()]).toEqual([[], []]);
  });

  test('they are listed by user and by vhost', async () => {
    const world = new AccessWorld();
    await world.addUser('ann', 'a', 'b', 'c');
    const ann = { user: 'ann', vhost: '/', configure: 'a', write: 'b', read: 'c' };

    expect(world.administration.permissions.list({ user: 'ann' })).toEqual([ann]);
    expect(world.administration.permissions.list({ vhost: '/' })).toHaveLength(2);
    expect(world.administration.permissions.list({ vhost: 'other' })).toEqual([]);
  });

  test('topic permissions are listed, and go one by one or all at once', async () => {
    const { topicPermissions } = new AccessWorld().administration;
    const of = { user: 'guest', vhost: '/', write: '', read: '' };
    for (const exchange of ['a', 'b', 'c']) await topicPermissions.set({ ...of, exchange });
    await topicPermissions.clear({ user: 'guest', exchange: 'a' });

    expect(topicPermissions.list().map(({ exchange }) => exchange)).toEqual(['b', 'c']);
    await topicPermissions.clear({ user: 'guest' });
    expect(topicPermissions.list()).toEqual([]);
  });

  const NONE = { configure: '', write: '', read: '' };
  test.each([
    ['for who is not there', { user: 'ann', ...NONE }, 'User "ann" does not exist'],
    ['in a vhost that is not there', { user: 'guest', vhost: 'v', ...NONE }, "Virtual host 'v' does not exist"],
    ['something that is no pattern', { user: 'guest', ...NONE, read: '(' }, /^invalid regular expression '\(': /],
  ])('%s they are refused', async (_what, permission, text) => {
    await expect(new AccessWorld().administration.permissions.set(permission)).rejects.toThrow(text);
  });
});

test('each change leaves a line in the log, in the words of RabbitMQ 3.10', async () => {
  const { administration, lines } = new AccessWorld();
  const { users, vhosts, permissions, topicPermissions } = administration;
  await users.add('ann', { password: 'secret' });
  await users.setPassword('ann', 'other');
  await users.clearPassword('ann');
  await users.setTags('ann', ['monitoring', 'x']);
  await vhosts.add('v');
  await permissions.set({ user: 'ann', vhost: 'v', configure: '.*', write: '', read: '^$' });
  await topicPermissions.set({ user: 'ann', exchange: 'amq.topic', write: '^{username}', read: '.*' });
  await topicPermissions.clear({ user: 'ann', exchange: 'amq.topic' });
  await permissions.clear({ user: 'ann', vhost: 'v' });
  await vhosts.delete('v');
  await users.delete('ann');

  expect(lines).toEqual([
    "Created user 'ann'",
    "Successfully changed password for user 'ann'",
    "Clearing password for 'ann'",
    "Successfully set user tags for user 'ann' to [monitoring,x]",
    "Adding vhost 'v'",
    "Successfully set permissions for 'ann' in virtual host 'v' to '.*', '', '^$'",
    "Successfully set topic permissions on exchange 'amq.topic' for 'ann' in virtual host '/' to '^{username}', '.*'",
    "Successfully cleared topic permissions on exchange 'amq.topic' for 'ann' in virtual host '/'",
    "Successfully cleared permissions for 'ann' in virtual host 'v'",
    "Deleting vhost 'v'",
    "Closing all connections in vhost 'v' because it's being deleted",
    "Deleted user 'ann'",
    "Closing all connections from user 'ann' because it's being deleted",
  ]);
});
