/**
 * The founding documents' remote procedure calls: a server that computes Fibonacci numbers, clients that wait for their
 * answer in a queue of their own. In every variant, and with any two of them together.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canRunPrograms, FoundingWorld } from './founding-world.ts';

const FIB_30 = 832_040;

let world: FoundingWorld;

/** Whether a client's queue for answers has gone with its connection. */
async function answerQueueIsGone(queue: string): Promise<boolean> {
  const channel = await world.channel();
  const refused = new Promise<{ code: number }>((resolve) => channel.on('error', resolve));
  channel.checkQueue(queue).catch(() => undefined);
  return (await refused).code === 404;
}

/** Answers the next request in place of a server, and returns where to the answer went. */
async function answerOneRequest(answer: string): Promise<{ replyTo: string; body: string }> {
  const channel = await world.channel();
  await channel.assertQueue('rpc_queue', { durable: false });
  return await new Promise((resolve) => {
    void channel.consume('rpc_queue', (request) => {
      if (request === null) return;
      const { replyTo, correlationId } = request.properties;
      channel.sendToQueue(replyTo, Buffer.from('not for you'), { correlationId: 'of somebody else' });
      channel.sendToQueue(replyTo, Buffer.from(answer), { correlationId });
      channel.ack(request);
      resolve({ replyTo, body: request.content.toString() });
    });
  });
}

describe.skipIf(!canRunPrograms)('remote procedure calls', () => {
  beforeAll(async () => {
    world = await FoundingWorld.open();
    await world.reset();
  });
  afterEach(async () => await world.reset());
  afterAll(async () => await world.close());

  test.each([
    { server: '001-12', client: '001-13', input: '', answer: ` [.] Got ${FIB_30}` },
    { server: '001-12', client: '002-14', input: '6\n', answer: ' 第6个fib数是 8' },
    { server: '002-13', client: '002-14', input: '6\n', answer: ' 第6个fib数是 8' },
    { server: '002-13', client: '001-13', input: '', answer: ` [.] Got ${FIB_30}` },
  ])('$client gets its answer from $server', async ({ server, client, input, answer }) => {
    const serving = await world.startConsumer(server);
    const lines = await world.run(client, { input });
    expect(lines.at(-1)).toBe(answer);
    expect(serving.lines.filter((line) => line.includes('fib('))).toHaveLength(1);
    expect(await world.counts('rpc_queue')).toEqual({ messages: 0, consumers: 1 });
  });

  test('a server that never starts to consume is gone, and its queue keeps what comes (000-9)', async () => {
    await world.run('000-9');
    expect(await world.counts('rpc_queue')).toEqual({ messages: 0, consumers: 0 });
    const channel = await world.channel();
    channel.sendToQueue('rpc_queue', Buffer.from('30'));
    await channel.close();
    expect(await world.counts('rpc_queue')).toEqual({ messages: 1, consumers: 0 });
  });

  test('000-10 gets its answer before it ends by the mistake in its last line', async () => {
    await world.startConsumer('001-12');
    const { program } = await world.start('000-10');
    expect(await program.exited).toMatchObject({ code: 1 });
    expect(program.lines).toContain(`[.]Got ${FIB_30}`);
    expect(program.errorLines.at(-1)).toBe("NameError: name 'channel' is not defined");
  });

  test.each(['001-13', '000-10'])('%s takes only the answer with its correlation id', async (client) => {
    const answered = answerOneRequest('77');
    const { program } = await world.start(client);
    expect(await answered).toMatchObject({ body: '30', replyTo: expect.stringMatching(/^amq\.gen-/) });
    await program.line(/Got 77/);
    await program.exited;
    expect(await answerQueueIsGone((await answered).replyTo)).toBe(true);
  });

  test('two clients at once get an answer each from one server', async () => {
    await world.startConsumer('001-12');
    const answers = await Promise.all([1, 2].map(async () => (await world.run('001-13')).at(-1)));
    expect(answers).toEqual([` [.] Got ${FIB_30}`, ` [.] Got ${FIB_30}`]);
    expect(await world.counts('rpc_queue')).toEqual({ messages: 0, consumers: 1 });
  });
});
