/** Debian's Celery: workers and a client as programs of their own, with the broker between them. */

import { fileURLToPath } from 'node:url';
import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canConfigureBroker, startBroker, type TestBroker } from '../support/broker.ts';
import { ChildProgram, runToEnd } from '../support/child-program.ts';
import { PYTHON, pythonPackage } from '../support/python.ts';
import { isAvailable } from '../support/requirement.ts';

const PROGRAMS = fileURLToPath(new URL('programs', import.meta.url));
const QUEUE = 'leveret.celery';

const hasCelery = isAvailable("Debian's python3-celery", [PYTHON, pythonPackage('celery')]);

describe.skipIf(!hasCelery)('celery', { timeout: 60_000 }, () => {
  let broker: TestBroker;
  let connection: ChannelModel;
  let channel: Channel;
  let workers: ChildProgram[] = [];

  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(async () => await broker?.stop());
  beforeEach(async () => {
    connection = await amqplib.connect(broker.url);
    connection.on('error', () => undefined);
    channel = await connection.createChannel();
    await channel.deleteQueue(QUEUE);
  });
  afterEach(async () => {
    for (const worker of workers) await worker.kill();
    workers = [];
    await connection.close().catch(() => undefined);
  });

  function environment(): NodeJS.ProcessEnv {
    return { ...process.env, BROKER: `${broker.url}//`, PYTHONPATH: PROGRAMS, PYTHONDONTWRITEBYTECODE: '1' };
  }

  /** Starts a worker with one slot and returns when it is ready. */
  async function startWorker(name: string): Promise<ChildProgram> {
    const args = ['-m', 'celery', '-A', 'celery_tasks', 'worker', '--pool', 'solo', '--loglevel', 'info', '-n', name];
    const worker = new ChildProgram(PYTHON, ['-u', ...args], { env: environment(), cwd: PROGRAMS });
    workers.push(worker);
    await worker.line(/ready\.$/);
    return worker;
  }

  /** Runs one scenario of the client and returns what it printed. */
  async function runClient(scenario: string): Promise<readonly string[]> {
    const ended = await runToEnd(PYTHON, ['-u', `${PROGRAMS}/celery_client.py`, scenario], { env: environment() });
    expect({ code: ended.code, errors: ended.errorLines }).toEqual({ code: 0, errors: [] });
    return ended.lines;
  }

  test('results come back over rpc, of one task, of a group and of one that retries', async () => {
    await startWorker('results');
    expect(await runClient('results')).toEqual(['one 5', 'many [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]', 'retried 2']);
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 0, consumerCount: 1 });
  });

  test('fifty tasks for later do not keep back one for now, and return when their worker dies', async () => {
    const worker = await startWorker('later');
    expect(await runClient('later')).toEqual([
      'now 2',
      "ping {'ok': 'pong'}",
      'scheduled 50 reserved 0',
      `queues ['${QUEUE}']`,
    ]);
    const redelivered = new Promise<boolean | undefined>((resolve) => {
      void channel.consume(QUEUE, (message) => resolve(message?.fields.redelivered));
    });
    await worker.kill();
    expect(await redelivered).toBe(true);
    await channel.close();
    channel = await connection.createChannel();
    expect(await channel.purgeQueue(QUEUE)).toEqual({ messageCount: 50 });
  });

  test('a revoked task is not run', async () => {
    await startWorker('revoke');
    expect(await runClient('revoke')).toEqual(['revoked by 1', 'TaskRevokedError revoked']);
  });

  test('events tell of a task from sent to succeeded', async () => {
    await startWorker('events');
    expect(await runClient('events')).toEqual([
      "events ['task-received', 'task-sent', 'task-started', 'task-succeeded']",
    ]);
  });

  test('a task that is acknowledged late goes to another worker when its own is killed', async () => {
    const doomed = await startWorker('doomed');
    await runClient('hold');
    await doomed.line(/holding/);
    const other = await startWorker('other');
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 0, consumerCount: 2 });
    await doomed.kill();
    await other.line(/holding/);
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 0, consumerCount: 1 });
  });

  test.skipIf(!canConfigureBroker)('a worker outlives a restart of the broker', async () => {
    const worker = await startWorker('restart');
    await broker.restart();
    await worker.linesMatching(/Connected to amqp/, 2);
    expect(await runClient('results')).toContain('one 5');
  });
});
