/** The library's way in, with a real client: the example of its documentation, and what options mean. */

import { join } from 'node:path';
import type { ChannelModel } from 'amqplib';
import { connect } from 'amqplib';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import type { BrokerOptions, RunningBroker } from './index.ts';
import { createBroker } from './index.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './server/tls.test-suite.ts';

const running: RunningBroker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((broker) => broker.stop()));
});

async function start(options?: BrokerOptions): Promise<RunningBroker> {
  const broker = await createBroker(options);
  running.push(broker);
  return broker;
}

/** Publishes a message and gets it back. */
async function roundTrip(client: ChannelModel, text: string): Promise<string | undefined> {
  const channel = await client.createConfirmChannel();
  const { queue } = await channel.assertQueue('hello');
  channel.sendToQueue(queue, Buffer.from(text));
  await channel.waitForConfirms();
  const message = await channel.get(queue, { noAck: true });
  return message === false ? undefined : message.content.toString();
}

describe('createBroker', () => {
  test('starts a broker on a free port that serves AMQP clients', async () => {
    const broker = await start({ settings: { heartbeat: 30 } });
    const client = await connect(broker.url);

    expect(broker.url).toBe(`amqp://guest:guest@127.0.0.1:${broker.port}`);
    expect(await roundTrip(client, 'hello')).toBe('hello');
    expect(broker.stats().connections).toBe(1);
  });

  test('tells how much memory, disk and files there are and may be, and which alarms are set', async () => {
    const settings = {
      'vm_memory_high_watermark.absolute': '1MiB',
      'disk_free_limit.absolute': '1GB',
      data_dir: join(temporaryFolder(), 'data'),
    };
    const told: ((text: string) => void)[] = [];
    const alarm = new Promise<string>((resolve) => told.push(resolve));
    const log = { info: () => {}, warning: (text: string) => told.shift()?.(text), error: () => {} };
    const broker = await start({ settings, log });
    await connect(broker.url);
    expect(await alarm).toContain('memory resource limit alarm set on node rabbit@');
    const { alarms, memory, disk, fileDescriptors } = broker.stats();
    expect([alarms, memory.limit, disk?.limit]).toEqual([['memory'], 1_048_576, 1_000_000_000]);
    expect(memory.used).toBeGreaterThan(memory.limit);
    expect(memory.total).toBeGreaterThan(memory.used);
    expect(memory.rss).toBeGreaterThan(0);
    expect(disk?.free).toBeGreaterThan(1_000_000_000);
    expect(fileDescriptors.socketsUsed).toBe(1);
    expect(fileDescriptors.socketsLimit).toBeLessThan(fileDescriptors.limit);
    expect((await start()).stats().disk).toBeUndefined();
  });

  test('starts several brokers side by side, each with messages of its own', async () => {
    const [first, second] = [await start(), await start()];

    expect(await roundTrip(await connect(first.url), 'first')).toBe('first');
    expect(await roundTrip(await connect(second.url), 'second')).toBe('second');
  });

  test('lets users, vhosts and permissions be changed while it runs', async () => {
    const broker = await start();
    await broker.users.add('alice', { password: 'wonderland', tags: ['monitoring'] });
    await broker.permissions.set({ user: 'alice', configure: '^hello$', write: '.*', read: '.*' });
    const client = await connect(`amqp://alice:wonderland@127.0.0.1:${broker.port}`);
    const closed = new Promise<Error>((resolve) => client.once('close', resolve));

    expect(await roundTrip(client, 'hello')).toBe('hello');
    await broker.users.delete('alice');
    expect((await closed).message).toContain("user 'alice' is deleted");
  });

  test('begins with the users that the settings give, who come with later vhosts too', async () => {
    const settings = {
      'default_users.alice.password': 'wonderland',
      'default_users.alice.tags': 'monitoring',
      'default_users.alice.configure': '^alice',
      'default_users.bob.vhost_pattern': '^shop',
    };
    const broker = await start({ settings });
    const all = { configure: '.*', write: '.*', read: '.*' };
    expect(broker.users.list()).toEqual([
      { name: 'guest', tags: ['administrator'] },
      { name: 'alice', tags: ['monitoring'] },
    ]);
    await broker.users.setPassword('alice', 'changed');
    await broker.vhosts.add('shop.a');

    expect(broker.users.list()).toContainEqual({ name: 'bob', tags: [] });
    expect(broker.permissions.list({ vhost: 'shop.a' })).toEqual([
      { ...all, user: 'alice', vhost: 'shop.a', configure: '^alice' },
      { ...all, user: 'bob', vhost: 'shop.a' },
    ]);
    const client = await connect(`amqp://alice:changed@127.0.0.1:${broker.port}/shop.a`);
    await client.close();
  });

  test("gives the default user's login only while it works", async () => {
    const dataDir = temporaryFolder();
    const first = await start({ dataDir });
    expect(first.login).toEqual({ user: 'guest', password: 'guest' });
    await first.users.setPassword('guest', 'changed');
    expect([first.login, first.url]).toEqual([undefined, `amqp://127.0.0.1:${first.port}`]);
    await first.stop();

    const second = await start({ dataDir, settings: { default_pass: 'changed' } });
    expect(second.url).toBe(`amqp://guest:changed@127.0.0.1:${second.port}`);
    await connect(second.url);
    await second.permissions.clear({ user: 'guest' });
    expect(second.login).toBeUndefined();
    await second.users.delete('guest');
    await second.stop();

    const third = await start({ dataDir, settings: { default_pass: 'changed' } });
    expect([third.login, third.url]).toEqual([undefined, `amqp://127.0.0.1:${third.port}`]);
  });

  test.each([
    [{ 'default_users.alice.read': '(' }, /^default_users: alice: invalid regular expression '\('/],
    [{ 'default_users.alice.vhost_pattern': '[' }, /^default_users: alice: invalid regular expression '\['/],
    [{ 'default_permissions.read': '(' }, /^default_permissions: invalid regular expression '\('/],
  ])('does not start with %j', async (settings, text) => {
    await expect(start({ settings })).rejects.toThrow(text);
  });

  test('begins with the user, the tags and the permissions that the settings give', async () => {
    const settings = {
      default_user: 'app',
      default_pass: 'secret',
      default_vhost: 'shop',
      'default_user_tags.monitoring': true,
      'default_permissions.configure': '^app',
      'default_permissions.write': '',
      'default_permissions.read': '.*',
    };
    const broker = await start({ settings });

    expect(broker.users.list()).toEqual([{ name: 'app', tags: ['monitoring'] }]);
    expect(broker.vhosts.list()).toEqual([{ name: 'shop', description: 'Default virtual host', tags: [] }]);
    expect(broker.permissions.list()).toEqual([
      { user: 'app', vhost: 'shop', configure: '^app', write: '', read: '.*' },
    ]);
    const client = await connect(broker.url);
    client.on('error', () => {});
    await client.close();
  });

  test('serves in the same way when sockets are read by events', async () => {
    const broker = await start({ settings: { socket_reading: 'events' } });

    expect(await roundTrip(await connect(broker.url), 'hello')).toBe('hello');
  });

  test('serves TLS with a certificate that is given directly', async () => {
    const broker = await start({ tlsPort: 0, tls: { cert: TEST_CERTIFICATE, key: TEST_KEY } });
    const client = await connect(`amqps://guest:guest@localhost:${broker.tlsPort}`, { ca: [TEST_CERTIFICATE] });

    expect(await roundTrip(client, 'secret')).toBe('secret');
    expect(broker.addresses.map(({ tls }) => tls)).toContain(true);
  });

  test('stops: clients are told with 320, and the port is free again', async () => {
    const broker = await createBroker();
    const client = await connect(broker.url);
    const error = new Promise<Error>((resolve) => client.once('error', resolve));
    const closed = new Promise<Error>((resolve) => client.once('close', resolve));
    client.on('error', () => {});

    await broker.stop();

    // A client calls this either an error or an orderly close, with the broker's text in both.
    expect((await Promise.race([error, closed])).message).toContain('CONNECTION-FORCED');
    await start({ port: broker.port });
  });

  test('has its data directory for itself, until it stops', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const first = await start({ dataDir });
    const second = await start();

    expect([first.dataDir, second.dataDir]).toEqual([dataDir, undefined]);
    await expect(start({ settings: { data_dir: dataDir } })).rejects.toThrow(
      `the data directory ${dataDir} is in use by process ${process.pid}.`,
    );
    await first.stop();
    await start({ dataDir });
  });

  test('gives its data directory back when it cannot start', async () => {
    const dataDir = temporaryFolder();
    const { port } = await start();
    await expect(start({ dataDir, port })).rejects.toThrow('the port is in use');

    await start({ dataDir });
  });

  test('lets options win over settings', async () => {
    const broker = await start({ port: 0, bind: '127.0.0.1', settings: { 'listeners.tcp.default': '192.0.2.1:5672' } });

    expect(broker.addresses).toEqual([{ address: '127.0.0.1', port: broker.port, tls: false }]);
  });

  test('listens where settings say when no option does', async () => {
    const broker = await start({ settings: { 'listeners.tcp.local': '127.0.0.1:0', default_user: 'alice' } });

    expect(broker.addresses).toEqual([{ address: '127.0.0.1', port: broker.port, tls: false }]);
    expect(broker.url).toBe(`amqp://alice:guest@127.0.0.1:${broker.port}`);
  });

  test.each([
    [{ port: 70_000 }, "the value '70000' of port is wrong: expected a whole number from 0 to 65535"],
    [{ dataDir: '' }, "the value '' of dataDir is wrong: expected a folder"],
    [{ tlsPort: 0 }, 'TLS needs a certificate: set ssl_options.certfile and ssl_options.keyfile.'],
    [{ settings: { 'default_permissions.read': '(' } }, "default_permissions: invalid regular expression '('"],
    [{ settings: { hartbeat: 1 } }, "unknown key 'hartbeat'. Did you mean heartbeat?"],
  ])('refuses %j with the reason', async (options, message) => {
    await expect(start(options)).rejects.toThrow(message);
  });
});
