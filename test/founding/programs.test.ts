/**
 * The founding documents' hello world, work queue, fanout, direct and topic programs, run as they stand there with
 * Debian's python3-pika. Expectations look at what they print and at the broker's state through a second client.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canRunPrograms, FoundingWorld, substitute } from './founding-world.ts';

test('host, port, credentials and sleeps are substituted and nothing else', () => {
  const source = [
    "credentials = pika.PlainCredentials(username='xiaojie', password='x', erase_on_connect=False)",
    "pika.ConnectionParameters(host='10.0.0.101', port=5672, credentials=credentials)",
    'pika.ConnectionParameters("192.168.0.108")',
    '"closing (10.0.0.1:7305 -> 10.0.0.101:5672)"',
    'time.sleep(80)',
  ].join('\n');
  const address = { host: '127.0.0.1', port: 5999, user: 'guest', password: 'pw', sleepFactor: 0.5 };
  expect(substitute(source, address).split('\n')).toEqual([
    "credentials = pika.PlainCredentials(username='guest', password='pw', erase_on_connect=False)",
    "pika.ConnectionParameters(host='127.0.0.1', port=5999, credentials=credentials)",
    "pika.ConnectionParameters('127.0.0.1', port=5999)",
    '"closing (10.0.0.1:7305 -> 10.0.0.101:5672)"',
    'time.sleep(0.5 * 80)',
  ]);
});

const founding = describe.skipIf(!canRunPrograms);
let world: FoundingWorld;

beforeAll(async () => {
  if (!canRunPrograms) return;
  world = await FoundingWorld.open();
  await world.reset();
});
afterEach(async () => await world?.reset());
afterAll(async () => await world?.close());

/** Runs a producer while nobody consumes. */
async function leaveOneMessage(producer: string, queue: string): Promise<void> {
  await world.run(producer);
  expect(await world.counts(queue)).toEqual({ messages: 1, consumers: 0 });
}

/**
 * A queue of the test's own at an exchange of a program, which must be of that type: an exchange of another one is not
 * declared again. @returns what it holds in the end, as `KEY BODY`
 */
async function witness(exchange: string, type: string, key: string): Promise<() => Promise<string[]>> {
  const channel = await world.channel();
  await channel.assertExchange(exchange, type, { durable: false });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, key);
  return async () => {
    const held: string[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) break;
      held.push(`${message.fields.routingKey} ${message.content}`.trim());
    }
    await channel.close();
    return held;
  };
}

founding('hello world', () => {
  test('a message published before anyone consumes waits in its queue (000-1)', async () => {
    expect(await world.run('000-1')).toEqual(["[x] Sent 'Hello World!'"]);
    const channel = await world.channel();
    const message = await channel.get('hello queue2', { noAck: true });
    await channel.close();
    if (message === false) throw new Error('the queue is empty');
    expect(message.content.toString()).toBe('Hello World!');
    expect(message.properties.deliveryMode).toBe(2);
    expect(message.fields).toMatchObject({ exchange: '', routingKey: 'hello queue2', redelivered: false });
  });

  test.each([
    { producer: '001-1', consumer: '001-2', received: / \[x\] Received <BlockingChannel.*b'Hello World!'$/ },
    { producer: '003-1', consumer: '003-2', received: /^ \[x\] Received b'Hello World!'$/ },
  ])('$consumer prints what $producer sent, and a no_ack message is gone', async ({ producer, consumer, received }) => {
    await leaveOneMessage(producer, 'hello');
    const program = await world.startConsumer(consumer);
    await program.line(received);
    expect(await world.counts('hello')).toEqual({ messages: 0, consumers: 1 });
    await world.run(producer);
    await program.linesMatching(received, 2);
    expect(await world.counts('hello')).toEqual({ messages: 0, consumers: 1 });
  });

  test.each([
    { producer: '002-1', consumer: '002-2', queue: 'hello' },
    { producer: '001-1', consumer: '001-3', queue: 'hello' },
  ])('$consumer acknowledges what $producer sent', async ({ producer, consumer, queue }) => {
    await leaveOneMessage(producer, queue);
    const { program, tap } = await world.start(consumer);
    await program.line(/ \[x\] Received .*$/);
    await tap.passed('basic.ack');
    await tap.closeChannel();
    expect(await world.counts(queue)).toEqual({ messages: 0, consumers: 0 });
  });
});

founding('work queue', () => {
  test.each([
    { producer: '001-4', queue: 'task' },
    { producer: '002-3', queue: 'hello1' },
    { producer: '002-5', queue: 'hello1' },
    { producer: '003-3', queue: 'task_queue' },
  ])('$producer leaves a persistent message in a durable queue', async ({ producer, queue }) => {
    await leaveOneMessage(producer, queue);
    const channel = await world.channel();
    await channel.assertQueue(queue, { durable: true });
    const message = await channel.get(queue, { noAck: true });
    await channel.close();
    expect(message).toMatchObject({ properties: { deliveryMode: 2 } });
  });

  test('a durable queue declared as transient is refused with 406', async () => {
    await world.run('003-3');
    const channel = await world.channel();
    const closed = new Promise((resolve) => channel.on('error', resolve));
    await expect(channel.assertQueue('task_queue', { durable: false })).rejects.toThrow(/406/);
    await expect(closed).resolves.toMatchObject({ code: 406, classId: 50, methodId: 10 });
  });

  test.each([
    { producer: '002-3', consumer: '002-4', queue: 'hello1' },
    { producer: '002-5', consumer: '002-6', queue: 'hello1' },
  ])('$consumer takes and acknowledges what $producer sent', async ({ producer, consumer, queue }) => {
    await leaveOneMessage(producer, queue);
    await world.run(producer);
    const { program, tap } = await world.start(consumer);
    await program.linesMatching(/^ \[x\] Received b'Hello World!'$/, 2);
    await tap.passed('basic.ack', 2);
    await tap.closeChannel();
    expect(await world.counts(queue)).toEqual({ messages: 0, consumers: 0 });
  });

  test('the worker takes tasks one by one, in the order sent (003-3, 003-4)', async () => {
    const worker = await world.startConsumer('003-4');
    for (const task of ['first.', 'second..', 'last']) await world.run('003-3', { args: [task] });
    await worker.linesMatching(/Done/, 3);
    expect(worker.lines).toEqual([
      ' [*] Waiting for messages. To exit press CTRL+C',
      " [x] Received b'first.'",
      ' [x] Done',
      " [x] Received b'second..'",
      ' [x] Done',
      " [x] Received b'last'",
      ' [x] Done',
    ]);
    expect(await world.counts('task_queue')).toEqual({ messages: 0, consumers: 1 });
  });

  test('with prefetch 1 a busy worker gets no second task; an idle one does (003-3, 003-4)', async () => {
    const busy = await world.startConsumer('003-4', { sleepFactor: 60 });
    await world.run('003-3', { args: ['long.'] });
    await busy.line(/Received b'long\.'/);
    for (const task of ['a', 'b', 'c']) await world.run('003-3', { args: [task] });
    expect(await world.counts('task_queue')).toEqual({ messages: 3, consumers: 1 });
    const idle = await world.startConsumer('003-4');
    await idle.linesMatching(/Done/, 3);
    expect(idle.lines.filter((line) => line.includes('Received'))).toEqual(
      ['a', 'b', 'c'].map((task) => ` [x] Received b'${task}'`),
    );
    expect(busy.lines.filter((line) => line.includes('Received'))).toHaveLength(1);
  });

  test('the task of a worker killed at work goes to another worker, marked as redelivered (003-3, 003-4)', async () => {
    const doomed = await world.startConsumer('003-4', { sleepFactor: 60 });
    await world.run('003-3', { args: ['unfinished.'] });
    await doomed.line(/Received b'unfinished\.'/);
    const channel = await world.channel();
    const redelivered = new Promise((resolve) => {
      void channel.consume('task_queue', (message) => resolve(message?.fields.redelivered));
    });
    await doomed.kill();
    expect(await redelivered).toBe(true);
    await channel.close();
    const next = await world.startConsumer('003-4');
    await next.line(/Done/);
    expect(next.lines).toContain(" [x] Received b'unfinished.'");
    expect(await world.counts('task_queue')).toEqual({ messages: 0, consumers: 1 });
  });
});

founding('publish and subscribe', () => {
  test.each([
    { producer: '000-3', consumer: '000-4', args: ['news'], body: 'news', received: /^b'news'$/ },
    { producer: '001-6', consumer: '001-7', args: [], body: 'Hello, Woeld', received: /^ \[x\] b'Hello, Woeld'$/ },
    {
      producer: '002-7',
      consumer: '002-8',
      args: [],
      body: 'info:Hello World!',
      received: /^ \[x\] b'info:Hello World!'$/,
    },
    {
      producer: '003-5',
      consumer: '003-6',
      args: ['two', 'words'],
      body: 'two words',
      received: /^ \[x\] b'two words'$/,
    },
    {
      producer: '004-1',
      consumer: '004-2',
      args: [],
      body: 'info: Hello World!',
      received: /^ \[x\] b'info: Hello World!'$/,
    },
  ])('every consumer $consumer gets a copy of what $producer sends to fanout', async (programs) => {
    const consumers = [await world.startConsumer(programs.consumer), await world.startConsumer(programs.consumer)];
    const held = await witness('logs', 'fanout', '');
    await world.run(programs.producer, { args: programs.args });
    for (const consumer of consumers) await consumer.line(programs.received);
    await world.run(programs.producer, { args: programs.args });
    for (const consumer of consumers) expect(await consumer.linesMatching(programs.received, 2)).toHaveLength(2);
    expect(await held()).toEqual([programs.body, programs.body]);
  });

  test('the queue of a fanout consumer is exclusive to it (000-4)', async () => {
    const consumer = await world.startConsumer('000-4');
    const queue = await consumer.line(/^amq\.gen-/);
    const channel = await world.channel();
    const closed = new Promise((resolve) => channel.on('error', resolve));
    await expect(channel.checkQueue(queue)).rejects.toThrow(/405/);
    await closed;
  });
});

founding('direct', () => {
  test.each([
    { producer: '002-9', consumer: '002-10' },
    { producer: '003-7', consumer: '003-8' },
  ])('$consumer gets only the severities it asked for from $producer', async ({ producer, consumer }) => {
    const program = await world.startConsumer(consumer, { args: ['info', 'warning'] });
    const held = await witness('direct_logs', 'direct', 'error');
    for (const severity of ['error', 'warning', 'debug', 'info']) {
      await world.run(producer, { args: [severity, 'from', 'alex'] });
    }
    await program.line(/'info':b'from alex'/);
    expect(program.lines.filter((line) => line.startsWith(' [x]'))).toEqual([
      " [x] 'warning':b'from alex'",
      " [x] 'info':b'from alex'",
    ]);
    expect(await held()).toEqual(['error from alex']);
  });

  test('000-6 binds to an exchange that 000-5 declares', async () => {
    await world.run('000-5');
    const consumer = await world.startConsumer('000-6', { args: ['info'] });
    const held = await witness('direct_logs', 'direct', 'error');
    expect(await world.run('000-5', { args: ['error', 'unheard'] })).toEqual(["[x] Sent 'error':'unheard'"]);
    await world.run('000-5', { args: ['info', 'heard'] });
    await consumer.line(/'info':b'heard'/);
    expect(consumer.lines.filter((line) => line.startsWith('[x]'))).toEqual(["[x] 'info':b'heard'"]);
    expect(await held()).toEqual(['error unheard']);
  });

  test('001-9 gets the one log line of three whose level is INFO (001-8)', async () => {
    const consumer = await world.startConsumer('001-9');
    const held = await witness('rabbitmq_log', 'direct', 'INFO');
    await world.run('001-8');
    await world.run('001-8');
    const received = await consumer.linesMatching(/^ \[x\] /, 2);
    for (const line of received) expect(line).toMatch(/^ \[x\] 'INFO':b"=INFO REPORT==== 17-Jun-2018/);
    const bodies = await held();
    expect(bodies).toHaveLength(2);
    for (const body of bodies) expect(body).toMatch(/^INFO =INFO REPORT==== 17-Jun-2018/);
  });
});

founding('topic', () => {
  test.each([
    { producer: '000-7', consumer: '000-8' },
    { producer: '002-11', consumer: '002-12' },
    { producer: '003-9', consumer: '003-10' },
  ])('$consumer gets what matches its topics from $producer, once each', async ({ producer, consumer }) => {
    const held = await witness('topic_logs', 'topic', 'kern.*');
    const all = await world.startConsumer(consumer, { args: ['#'] });
    const some = await world.startConsumer(consumer, { args: ['*.error', 'mysql.*'] });
    for (const key of ['mysql.info', 'mysql.error', 'kern.error', 'kern.info', 'mysql.a.b', 'last.error']) {
      await world.run(producer, { args: [key, 'text'] });
    }
    await Promise.all([all.line(/'last\.error':b'text'/), some.line(/'last\.error':b'text'/)]);
    expect(receivedKeys(all.lines)).toEqual([
      'mysql.info',
      'mysql.error',
      'kern.error',
      'kern.info',
      'mysql.a.b',
      'last.error',
    ]);
    expect(receivedKeys(some.lines)).toEqual(['mysql.info', 'mysql.error', 'kern.error', 'last.error']);
    expect(await held()).toEqual(['kern.error text', 'kern.info text']);
  });

  test('001-11 gets the keys of two words that begin with mysql (001-10)', async () => {
    const consumer = await world.startConsumer('001-11');
    const held = await witness('app_logs', 'topic', 'kern.#');
    expect(await world.run('001-10')).toEqual(['mysql.info', 'kern.erro', 'mysql.django']);
    await consumer.line(/mysql\.django/);
    expect(receivedKeys(consumer.lines)).toEqual(['mysql.info', 'mysql.django']);
    expect(await held()).toHaveLength(1);
  });
});

function receivedKeys(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /\[x\] '([^']+)':b/.exec(line)?.[1] ?? []);
}
