/** Debian's amqp-tools (the command line programs of the C client) against the broker. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../support/broker.ts';
import { ChildProgram, runToEnd } from '../support/child-program.ts';
import { isAvailable } from '../support/requirement.ts';

const PROGRAMS = ['amqp-declare-queue', 'amqp-publish', 'amqp-get', 'amqp-consume', 'amqp-delete-queue'] as const;
const FOLDER = '/usr/bin';
const QUEUE = 'leveret.amqp-tools';

const isInstalled = isAvailable(
  "Debian's package amqp-tools",
  PROGRAMS.map((name) => `${FOLDER}/${name}`),
);

describe.skipIf(!isInstalled)('amqp-tools', { timeout: 30_000 }, () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(async () => await broker?.stop());

  /** Arguments every program takes: where the broker is and who asks. */
  function withServer(args: readonly string[]): string[] {
    const server = ['--server', broker.host, '--port', String(broker.port)];
    return [...server, '--username', broker.user, '--password', broker.password, ...args];
  }

  async function run(name: (typeof PROGRAMS)[number], args: readonly string[], input?: string) {
    return await runToEnd(`${FOLDER}/${name}`, withServer(args), input === undefined ? {} : { input });
  }

  async function declareQueue(): Promise<void> {
    await run('amqp-delete-queue', ['-q', QUEUE]);
    const declared = await run('amqp-declare-queue', ['-q', QUEUE]);
    expect(declared.lines).toEqual([QUEUE]);
  }

  test('a published message is got, and the empty queue says so by exit code 2', async () => {
    await declareQueue();
    expect((await run('amqp-publish', ['-r', QUEUE, '-b', 'hello from C'])).code).toBe(0);
    const got = await run('amqp-get', ['-q', QUEUE]);
    expect({ code: got.code, lines: got.lines }).toEqual({ code: 0, lines: ['hello from C'] });
    const empty = await run('amqp-get', ['-q', QUEUE]);
    expect({ code: empty.code, lines: empty.lines }).toEqual({ code: 2, lines: [] });
  });

  test('each line of standard input becomes a message, consumed in order and acknowledged', async () => {
    await declareQueue();
    const published = await run('amqp-publish', ['-r', QUEUE, '-l'], 'one\ntwo\nthree\n');
    expect(published.code).toBe(0);
    const consumed = await run('amqp-consume', ['-q', QUEUE, '-c', '3', '-p', '1', 'cat']);
    expect({ code: consumed.code, lines: consumed.lines }).toEqual({ code: 0, lines: ['one', 'two', 'three'] });
    const deleted = await run('amqp-delete-queue', ['-q', QUEUE]);
    expect(deleted.lines).toEqual(['0']);
  });

  test('a message whose command fails is requeued', async () => {
    await declareQueue();
    await run('amqp-publish', ['-r', QUEUE, '-b', 'unlucky']);
    await run('amqp-consume', ['-q', QUEUE, '-c', '1', 'false']);
    expect((await run('amqp-get', ['-q', QUEUE])).lines).toEqual(['unlucky']);
  });

  test('a consumer without a queue name gets an exclusive queue bound to the exchange it names', async () => {
    const args = ['-e', 'amq.topic', '-r', 'leveret.tools.*', '-c', '1', 'cat'];
    const consumer = new ChildProgram(`${FOLDER}/amqp-consume`, withServer(args));
    await consumer.line(/amq\.gen-/);
    await run('amqp-publish', ['-e', 'amq.topic', '-r', 'leveret.other.x', '-b', 'not for it']);
    await run('amqp-publish', ['-e', 'amq.topic', '-r', 'leveret.tools.x', '-b', 'for it']);
    expect(await consumer.exited).toMatchObject({ code: 0 });
    expect(consumer.lines).toEqual(['for it']);
  });

  test('deleting a queue prints how many messages it held', async () => {
    await declareQueue();
    await run('amqp-publish', ['-r', QUEUE, '-l'], 'a\nb\n');
    expect((await run('amqp-delete-queue', ['-q', QUEUE])).lines).toEqual(['2']);
    const got = await run('amqp-get', ['-q', QUEUE]);
    expect(got.code).not.toBe(0);
    expect(got.errorLines.join('\n')).toContain(`NOT_FOUND - no queue '${QUEUE}' in vhost '/'`);
  });

  test('a wrong password is refused', async () => {
    const server = ['--server', broker.host, '--port', String(broker.port)];
    const refused = await runToEnd(`${FOLDER}/amqp-get`, [
      ...server,
      '--username',
      'guest',
      '--password',
      'wrong',
      '-q',
      QUEUE,
    ]);
    expect(refused.code).not.toBe(0);
    expect(refused.errorLines.join('\n')).toContain('ACCESS_REFUSED');
  });
});
