/**
 * What a broker does that nobody has configured: a test for each line of the default profile that concerns AMQP
 * (docs/guide/compatibility.md). Where RabbitMQ 3.10 can be asked, the cases beside this file compare with it as well.
 */

import { hostname, networkInterfaces } from 'node:os';
import { connect } from 'amqplib';
import { afterEach, describe, expect, test } from 'vitest';
import { createBroker, type RunningBroker } from '../../src/index.ts';
import { TestChannel } from '../support/amqp-channel.ts';
import { CaseRun, type Step } from './case-run.ts';
import {
  awaits,
  consumes,
  declares,
  declaresExchange,
  does,
  ends,
  gets,
  logsIn,
  on,
  publishes,
  sendsBytes,
  settles,
  shakesHands,
} from './steps.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let broker: RunningBroker | undefined;
let logged: string[] = [];
afterEach(async () => {
  await broker?.stop();
  broker = undefined;
  logged = [];
});

async function start(settings: Readonly<Record<string, string | number>> = {}): Promise<RunningBroker> {
  const note = (text: string): void => void logged.push(text);
  broker = await createBroker({ bind: '127.0.0.1', settings, log: { info: note, warning: note, error: note } });
  return broker;
}

/** What a client is told that does this to a new broker. */
async function said(...steps: readonly Step[]): Promise<string[]> {
  const { port } = broker ?? (await start());
  const run = new CaseRun({ host: '127.0.0.1', port }, 'profile');
  for (const step of steps) await step(run, { connection: 'a', channel: 1 });
  await run.finish();
  return run.transcript();
}

/** The properties of connection.start, as amqplib sees them. */
async function serverProperties(): Promise<Record<string, unknown>> {
  const client = await connect(broker?.url ?? '');
  const { serverProperties: properties } = client.connection;
  await client.close();
  return properties;
}

describe('identity', () => {
  test('clients take it for RabbitMQ 3.13.7, and it says who it is', async () => {
    await start();
    const properties = await serverProperties();
    expect(properties).toMatchObject({ product: 'RabbitMQ', version: '3.13.7', product_name: 'Leveret' });
    expect(properties.leveret_version).toBe(properties.product_version);
    expect(properties.information).toContain(`Leveret ${properties.leveret_version}`);
  });

  test('all of it can be configured', async () => {
    await start({
      rabbitmq_product: 'Other',
      rabbitmq_version: '4.0.0',
      'product.name': 'Ours',
      'product.version': '7',
      cluster_name: 'c',
    });
    expect(await serverProperties()).toMatchObject({
      product: 'Other',
      version: '4.0.0',
      product_name: 'Ours',
      product_version: '7',
      cluster_name: 'c',
    });
  });

  test('the node is called rabbit and the name of the machine', async () => {
    await start();
    expect(await serverProperties()).toMatchObject({ cluster_name: `rabbit@${hostname()}` });
  });
});

describe('behaviour is that of 3.13 where 4 took something away', () => {
  test('a queue may be neither durable nor exclusive', async () => {
    expect(await said(declares('~q'))).toEqual(['a1 queue.declare-ok queue="~q" messageCount=0 consumerCount=0']);
  });

  test('a global prefetch is one limit for all consumers of a channel', async () => {
    const lines = await said(
      declares('~q'),
      does('basic.qos', { prefetchCount: 1, global: true }),
      consumes('~q', { consumerTag: 'one' }),
      consumes('~q', { consumerTag: 'two' }),
      publishes({ key: '~q' }),
      publishes({ key: '~q' }),
      settles('~q'),
    );
    expect(lines.filter((line) => line.includes('basic.deliver'))).toHaveLength(1);
  });

  test('frames of 4096 bytes are large enough', async () => {
    expect(await said(shakesHands({ tune: { frameMax: 4096 } }))).toContain('a0 connection.open-ok');
  });

  test('an exchange of an unknown type is refused on its channel, with 406', async () => {
    expect(await said(declaresExchange('~x', 'none'))).toEqual([
      `a1 channel.close 406 "PRECONDITION_FAILED - unknown exchange type 'none'" at 40/10`,
    ]);
  });
});

test('no message is dropped by a limit that nobody set: it comes again however often it is put back', async () => {
  const returns = Array.from({ length: 50 }, (_, index) => [
    awaits('basic.deliver', index + 1),
    does('basic.nack', { deliveryTag: index + 1, requeue: true }),
  ]).flat();
  const lines = await said(declares('~q'), publishes({ key: '~q' }), consumes('~q'), ...returns, settles('~q'));
  expect(lines.filter((line) => line.includes('basic.deliver'))).toHaveLength(51);
});

test('a consumer may take as long as it likes to acknowledge', () => {
  const channel = new TestChannel();
  const flags = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: true };
  channel.send({ name: 'queue.declare', queue: 'q', ...flags, arguments: new Map() });
  const consume = { noLocal: false, noAck: false, exclusive: false, noWait: true, arguments: new Map() };
  channel.send({ name: 'basic.consume', queue: 'q', consumerTag: 'c', ...consume });
  channel.publish('', 'q', 'm');
  channel.turnAndTake();
  channel.world.clock.advance(30 * DAY_MS);
  channel.send({ name: 'basic.ack', deliveryTag: 1, multiple: false });
  expect(channel.turnAndTake()).toEqual([]);
  expect(channel.world.vhost.findQueue('q')).toMatchObject({ unackedCount: 0, consumerCount: 1 });
});

/** An address of this machine that is not loopback. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

describe('listening', () => {
  test('is on all addresses, IPv4 and IPv6', async () => {
    broker = await createBroker({ bind: '::' });
    for (const host of ['127.0.0.1', '[::1]']) {
      const client = await connect(`amqp://${host}:${broker.port}`);
      await client.close();
    }
    expect(broker.addresses).toEqual([{ address: '::', port: broker.port, tls: false }]);
  });

  test.skipIf(address === undefined)(
    'guest is judged by the address that was connected to, and the log says what to do',
    async () => {
      const note = (text: string): void => void logged.push(text);
      broker = await createBroker({ bind: '::', log: { info: note, warning: note, error: note } });
      await expect(connect(`amqp://guest:guest@${address}:${broker.port}`)).rejects.toThrow(
        '403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile."',
      );
      const client = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
      await client.close();
      expect(logged.find((line) => line.includes('login refused'))).toMatch(
        /: PLAIN login refused: user 'guest' can only connect via localhost \(.*loopback_users = none.*default_user/,
      );
    },
  );

  test('there is one user, and it is guest', async () => {
    expect((await start()).users.list()).toEqual([{ name: 'guest', tags: ['administrator'] }]);
  });
});

describe('numbers', () => {
  test('2047 channels, frames of 131072 bytes, a heartbeat of 60 seconds', async () => {
    expect(await said(shakesHands({}))).toContain('a0 connection.tune channelMax=2047 frameMax=131072 heartbeat=60');
  });

  test('a body may have 134217728 bytes, which its header is checked for', async () => {
    const header = Buffer.alloc(14);
    header.writeUInt16BE(60);
    header.writeUInt32BE(134_217_729, 8);
    const frame = Buffer.concat([Buffer.from([2, 0, 1, 0, 0, 0, 14]), header, Buffer.from([0xce])]);
    expect(await said(declares('~q'), does('basic.publish', { routingKey: '~q' }), sendsBytes(frame))).toContain(
      'a1 channel.close 406 "PRECONDITION_FAILED - message size 134217729 is larger than configured max size 134217728" at 60/40',
    );
  });

  test('a consumer gets all there is, unless it asks for less', async () => {
    const messages = Array.from({ length: 300 }, () => publishes({ key: '~q' }));
    const lines = await said(declares('~q'), consumes('~q'), ...messages, settles('~q'));
    expect(lines.filter((line) => line.includes('basic.deliver'))).toHaveLength(300);
  });
});

describe('close frames', () => {
  test('name the method that failed', async () => {
    expect(await said(does('queue.declare', { queue: '~none', passive: true }))).toEqual([
      `a1 channel.close 404 "NOT_FOUND - no queue '~none' in vhost '/'" at 50/10`,
    ]);
  });

  test('name basic.publish also when nobody waits for an answer to it', async () => {
    expect(await said(publishes({ exchange: '~none' }), awaits('channel.close'))).toEqual([
      `a1 channel.close 404 "NOT_FOUND - no exchange '~none' in vhost '/'" at 60/40`,
    ]);
  });

  test('name none when none is at fault', async () => {
    const running = await start();
    const stops: Step = async (run, { connection }) => {
      void running.stop();
      await run.client(connection).untilEnd();
    };
    expect(await said(logsIn({}), stops)).toEqual([
      `a0 connection.close 320 "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'" at 0/0`,
    ]);
  });
});

test.each([
  ['AMQP 1.0', 'AMQP\0\x01\0\0', 'AMQP 1.0'],
  ['AMQP 1.0 with SASL', 'AMQP\x03\x01\0\0', 'AMQP 1.0'],
  ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'HTTP GET request'],
  ['TLS', '\x16\x03\x01\x02\0\x01\0\x01', 'TLS client'],
])('who speaks %s gets the header of AMQP 0-9-1, and the log names it', async (_protocol, bytes, name) => {
  expect(await said(sendsBytes(bytes), ends())).toEqual(['a0 protocol header 0 0 9 1', 'a0 end']);
  expect(logged.find((line) => line.includes('closing'))).toContain(name);
});

test('patterns mean what users of RabbitMQ write: lookahead, alternation, (?i), and no anchors', async () => {
  const { users, permissions } = await start();
  await users.add('ann', { password: 'ann' });
  await permissions.set({ user: 'ann', configure: '^(?!amq\\.).*', write: '(?i)ORDERS|amq\\.default', read: 'q+?' });
  const lines = await said(
    logsIn({ user: 'ann' }),
    declares('queue'),
    publishes({ key: 'queue' }),
    gets('queue'),
    declaresExchange('my.orders'),
    publishes({ exchange: 'my.orders' }),
    publishes({ exchange: 'amq.fanout' }),
    awaits('channel.close'),
    on('a', 2, does('exchange.declare', { exchange: 'amq.fanout', type: 'fanout', durable: true })),
  );
  expect(lines.filter((line) => line.includes('channel.close'))).toEqual([
    `a1 channel.close 403 "ACCESS_REFUSED - write access to exchange 'amq.fanout' in vhost '/' refused for user 'ann'" at 60/40`,
    `a2 channel.close 403 "ACCESS_REFUSED - configure access to exchange 'amq.fanout' in vhost '/' refused for user 'ann'" at 40/10`,
  ]);
  expect(lines.some((line) => line.includes('basic.get-ok'))).toBe(true);
});
