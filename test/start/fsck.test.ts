/**
 * `leveret fsck` as an operator types it, on the data of a real broker: what it says and ends with, what a repair leaves,
 * and what a broker serves that is started on that.
 */

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram, runToEnd } from '../support/child-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));
const MESSAGES = 40;
/** Half a dozen programs, one after the other. */
const options = { timeout: 120_000 };
const QUEUES = ['orders', 'billing'];

interface Served {
  readonly program: ChildProgram;
  readonly port: number;
}

async function serve(dataDir: string): Promise<Served> {
  const program = new ChildProgram(process.execPath, [
    ...[PROGRAM, '--port', '0', '--bind', '127.0.0.1', '--data-dir', dataDir],
  ]);
  onTestFinished(async () => {
    await program.kill();
  });
  const line = await program.line(/Listens/);
  return { program, port: Number(/port (\d+)/.exec(line)?.[1]) };
}

async function withChannel<Result>(
  { port }: Served,
  work: (channel: ConfirmChannel) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
  try {
    return await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}

/** Data of a broker with messages in two queues, in many batches, that has been stopped or killed. */
async function dataOf(end: 'SIGTERM' | 'SIGKILL', messages = MESSAGES): Promise<string> {
  const dataDir = temporaryFolder();
  const served = await serve(dataDir);
  await withChannel(served, async (channel) => {
    for (const queue of QUEUES) await channel.assertQueue(queue, { durable: true });
    for (let number = 1; number <= messages; number++) {
      for (const queue of QUEUES) {
        channel.sendToQueue(queue, Buffer.from(`${queue} ${number}`), { persistent: true });
        // A batch for each.
        if (number <= MESSAGES) await channel.waitForConfirms();
      }
    }
    await channel.waitForConfirms();
  });
  await served.program.kill(end);
  return dataDir;
}

async function fsck(...args: readonly string[]) {
  const { code, lines, errorLines } = await runToEnd(process.execPath, [PROGRAM, 'fsck', ...args]);
  return { code, lines, errorLines, text: lines.join('\n') };
}

/** What a broker that is started on the data hands out, as `body` or `body again`; and what it said. */
async function servedBy(dataDir: string): Promise<{ readonly bodies: string[]; readonly said: string }> {
  const served = await serve(dataDir);
  const bodies = await withChannel(served, async (channel) => {
    const found: string[] = [];
    for (const queue of QUEUES) {
      const { messageCount } = await channel.checkQueue(queue);
      if (messageCount > 0) await take(channel, queue, messageCount, found);
    }
    return found;
  });
  await served.program.kill('SIGTERM');
  return { bodies, said: served.program.lines.join('\n') };
}

/** Takes so many messages of a queue, and acknowledges them. */
async function take(channel: ConfirmChannel, queue: string, count: number, into: string[]): Promise<void> {
  const consumerTag = `of ${queue}`;
  await new Promise<void>((resolve, reject) => {
    const last = into.length + count;
    const taken = (message: ConsumeMessage | null) => {
      if (message === null) return reject(new Error(`${queue} is stopped`));
      into.push(`${message.content}${message.fields.redelivered ? ' again' : ''}`);
      if (into.length === last) {
        channel.ackAll();
        resolve();
      }
    };
    channel.consume(queue, taken, { consumerTag }).catch(reject);
  });
  await channel.cancel(consumerTag);
}

function fileOf(dataDir: string, prefix: string): string {
  const name = readdirSync(dataDir)
    .sort()
    .find((file) => file.startsWith(prefix) && statSync(join(dataDir, file)).size > 0);
  if (name === undefined) throw new Error(`there is no ${prefix} in ${readdirSync(dataDir)}`);
  return join(dataDir, name);
}

/** Flips a bit: of a message's body, or somewhere in the middle, which a checksum vouches for in all files but segments. */
function flip(path: string, body?: string): void {
  const bytes = readFileSync(path);
  const at = body === undefined ? Math.floor(bytes.length / 2) : bytes.indexOf(body);
  expect(at).toBeGreaterThan(0);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

/** Every file with all its bytes and its times. */
function snapshot(dataDir: string): string[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const { mtimeMs, size } = statSync(path);
      const content = statSync(path).isFile() ? readFileSync(path, 'base64') : '';
      return `${path} ${mtimeMs} ${size} ${content}`;
    });
}

const ALL = QUEUES.flatMap((queue) => Array.from({ length: MESSAGES }, (_, index) => `${queue} ${index + 1}`));

test('a directory that a broker uses is refused, with the process that has it', async () => {
  const dataDir = temporaryFolder();
  const { program } = await serve(dataDir);
  const expected = [
    `leveret: the data directory ${dataDir} is in use by process ${program.pid}. Stop that process first.`,
  ];

  for (const args of [[dataDir], ['--repair', dataDir]]) {
    expect(await fsck(...args)).toMatchObject({ code: 1, lines: [], errorLines: expected });
  }
});

test('what is no data directory is refused, and nothing is made', async () => {
  const folder = temporaryFolder();
  const missing = join(folder, 'missing');

  expect(await fsck(missing)).toMatchObject({
    code: 1,
    errorLines: [`leveret: there is no data directory ${missing}.`],
  });
  for (const args of [[folder], ['--repair', folder]]) {
    const errorLines = [`leveret: ${folder} is no data directory: it has no file 'format'.`];
    expect(await fsck(...args)).toMatchObject({ code: 1, errorLines });
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('what a newer Leveret has written is refused', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'format'), '99\n');

  const { code, errorLines } = await fsck(folder);
  expect([code, errorLines[0]]).toEqual([1, expect.stringContaining('has format 99')]);
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'data of a broker that ended by %s is clean, and a look changes nothing',
  async (end) => {
    const dataDir = await dataOf(end);
    const before = snapshot(dataDir);
    const { code, lines } = await fsck(dataDir);

    expect([code, lines[0]]).toEqual([0, dataDir]);
    expect(lines.at(-1)).toBe(`Nothing is damaged. ${2 * MESSAGES} messages in 2 durable queues can be read.`);
    expect((await fsck('--repair', dataDir)).text).toContain('Nothing is damaged, and nothing was changed.');
    expect(snapshot(dataDir).filter((file) => !file.includes('/lock'))).toEqual(
      before.filter((file) => !file.includes('/lock')),
    );
  },
);

test('a torn end is named, and is no damage', async () => {
  const dataDir = await dataOf('SIGKILL');
  const segment = fileOf(dataDir, 'segment');
  truncateSync(segment, statSync(segment).size - 10);

  const { code, text } = await fsck(dataDir);
  expect(code).toBe(0);
  expect(text).toMatch(/Torn: segment-000001.log from byte \d+ on. The next start cuts it; nothing that was confirmed/);
});

test(
  'a flipped bit in a segment is named with its queues, and a broker serves what a repair leaves',
  options,
  async () => {
    const dataDir = await dataOf('SIGKILL');
    const segment = fileOf(dataDir, 'segment');
    flip(segment, 'orders 20');
    const damaged = readFileSync(segment);
    const { code, text } = await fsck(dataDir);
    expect(code).toBe(2);
    const found =
      /Damaged: segment-000001.log from byte \d+ to \d+\. .* may be lost of: queue '(\w+)' in vhost '\/'\.$/m.exec(
        text,
      );
    const queue = found?.[1] ?? '';
    expect(text).toMatch(
      new RegExp(`^Stopped: queue '${queue}' in vhost '/', ${MESSAGES - 1} messages can be read.$`, 'm'),
    );
    const json = JSON.parse((await fsck('--json', dataDir)).text);
    const damage = { file: 'segment-000001.log', loss: 'records', queues: [{ vhost: '/', name: queue }] };
    expect(json).toMatchObject({ isDamaged: true, damages: [damage] });

    const repair = await fsck('--repair', dataDir);
    expect(repair.code).toBe(0);
    const folder = readdirSync(dataDir).find((name) => name.startsWith('damaged-')) ?? '';
    expect(repair.text).toContain(`Copied: segment-000001.log to ${join(dataDir, folder)}`);
    expect(readFileSync(join(dataDir, folder, 'segment-000001.log'))).toEqual(damaged);
    expect((await fsck(dataDir)).code).toBe(0);
    const { bodies, said } = await servedBy(dataDir);
    const lost = ALL.filter((body) => !bodies.some((served) => served.replace(' again', '') === body));
    expect(lost.map((body) => body.split(' ')[0])).toEqual([queue]);
    const isConcerned = (body: string) => body.startsWith(queue);
    expect(bodies).toEqual(
      ALL.filter((body) => !lost.includes(body)).map((body) => (isConcerned(body) ? `${body} again` : body)),
    );
    expect(said).not.toMatch(/stopped:|damaged/);
  },
);

test('a flipped bit in a page costs the messages of that page', options, async () => {
  const messages = 1100;
  const dataDir = await dataOf('SIGTERM', messages);
  flip(fileOf(dataDir, 'page'));
  const { code, text } = await fsck(dataDir);
  const found = /^Damaged: page-\d+-\d+ from byte \d+ to \d+\. Messages of this queue are lost: queue '(\w+)'/m.exec(
    text,
  );
  const queue = found?.[1] ?? '';
  const left = Number(new RegExp(`Stopped: queue '${queue}' in vhost '/', (\\d+) messages`).exec(text)?.[1]);
  expect([code, left > 0 && left < messages]).toEqual([2, true]);

  expect((await fsck('--repair', dataDir)).code).toBe(0);
  const { bodies, said } = await servedBy(dataDir);
  expect(bodies.filter((body) => body.startsWith(queue))).toHaveLength(left);
  expect(bodies).toHaveLength(left + messages);
  expect(said).not.toMatch(/stopped:|damaged/);
});

test('a flipped bit in a checkpoint that is not needed costs nothing, and is repaired', options, async () => {
  const dataDir = await dataOf('SIGTERM');
  flip(fileOf(dataDir, 'checkpoint'));
  const { code, text } = await fsck(dataDir);
  expect(code).toBe(2);
  expect(text).toMatch(/^Damaged: checkpoint-000001 from byte 0 to \d+\. Nothing is lost/m);

  expect((await fsck('--repair', dataDir)).code).toBe(0);
  expect((await fsck(dataDir)).text).toMatch(/^ {2}checkpoint-00000\d: checkpoint, \d+ bytes, whole$/m);
  expect((await servedBy(dataDir)).bodies).toEqual(ALL);
});

test('a broker that finds damage says what helps', async () => {
  const dataDir = await dataOf('SIGKILL');
  flip(fileOf(dataDir, 'segment'), 'orders 20');
  const { program } = await serve(dataDir);

  expect(program.lines.join('\n')).toContain(
    `Stop the broker; then 'leveret fsck ${dataDir}' says more, and with --repair goes on without what is damaged.`,
  );
});
