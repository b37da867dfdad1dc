/**
 * What the operator reads about connections (E-01), case by case, as RabbitMQ 3.10 writes it. Its lines are recorded in
 * rabbitmq-3.10/log.json by
 *
 *     RECORD=1 BROKER_URL=amqp://guest:guest@127.0.0.1:PORT BROKER_LOG=FILE npm test -- test/conformance/log-lines
 *
 * where FILE is what the broker prints, with `handshake_timeout = 1000`, `log.console = true` and the definitions that
 * recording.ts names in its configuration.
 */

import { readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { CaseRun } from './case-run.ts';
import { complaintAbout, type Difference } from './judgement.ts';
import { LOG_CASES, type LogCase } from './log-cases.ts';
import { type LogEvent, linesOfConnection, rabbitMqEvents } from './log-text.ts';
import { LoggedBroker } from './logged-broker.ts';
import { readRecording, writeRecording } from './recording.ts';

const AREA = 'log';
const ALL_CASES_MS_MAX = 60_000;
/** RabbitMQ has written all when its log has not grown for so long. */
const QUIET_MS = 2000;

const isRecording = process.env.RECORD === '1';
const recording = readRecording(AREA);
const differences = JSON.parse(
  readFileSync(new URL('log-differences.json', import.meta.url), 'utf8'),
) as readonly Difference[];

const written = new Map<string, readonly string[]>();

beforeAll(async () => {
  if (isRecording) await record();
  else await runAgainstLeveret();
}, ALL_CASES_MS_MAX);

describe('the log says', () => {
  test.each(LOG_CASES)('$name', ({ name }) => {
    const complaint = complaintAbout({
      recorded: isRecording ? written.get(name) : recording[name],
      answered: written.get(name) ?? [],
      differences: isRecording ? [] : differences.filter(({ cases }) => cases.includes(name)),
    });
    expect(complaint).toBeUndefined();
  });

  test('nothing is recorded, or different on purpose, that is no case', () => {
    const names = new Set(LOG_CASES.map(({ name }) => name));
    const known = [...Object.keys(readRecording(AREA)), ...differences.flatMap(({ cases }) => cases)];
    expect(known.filter((name) => !names.has(name))).toEqual([]);
  });
});

/** Runs every case and returns its lines; `closed` resolves when the connection's last line must be there. */
async function runAll(
  portFor: (logCase: LogCase) => number,
  closed: (logCase: LogCase, localPort: number) => Promise<void>,
): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  await Promise.all(
    LOG_CASES.map(async (logCase) => {
      const run = new CaseRun({ host: '127.0.0.1', port: portFor(logCase) }, 'log');
      for (const step of logCase.steps) await step(run, { connection: 'a', channel: 1 });
      const { localPort } = run.client('a');
      ports.set(logCase.name, localPort);
      await run.finish();
      await closed(logCase, localPort);
    }),
  );
  return ports;
}

async function runAgainstLeveret(): Promise<void> {
  const [broker, impatient] = [new LoggedBroker(), new LoggedBroker()];
  await broker.start();
  await impatient.start({ handshake_timeout: 1000 });
  const brokerFor = ({ isTimeout = false }: LogCase): LoggedBroker => (isTimeout ? impatient : broker);
  const ports = await runAll(
    (logCase) => brokerFor(logCase).port,
    (logCase, port) => brokerFor(logCase).until((events) => linesOfConnection(events, port).some(isClosing)),
  );
  await broker.stop();
  await impatient.stop();
  for (const logCase of LOG_CASES) keep(logCase.name, brokerFor(logCase).events, ports);
}

/** Every case ends with such a line. */
function isClosing(line: string): boolean {
  return line.includes('closing AMQP connection');
}

async function record(): Promise<void> {
  const { BROKER_URL, BROKER_LOG } = process.env;
  if (BROKER_URL === undefined || BROKER_LOG === undefined) throw new Error('RECORD=1 needs BROKER_URL and BROKER_LOG');
  const ports = await runAll(
    () => Number(new URL(BROKER_URL).port),
    async () => undefined,
  );
  for (let size = -1; size !== statSync(BROKER_LOG).size; await delay(QUIET_MS)) size = statSync(BROKER_LOG).size;
  const events = rabbitMqEvents(readFileSync(BROKER_LOG, 'utf8'));
  for (const { name } of LOG_CASES) keep(name, events, ports);
  writeRecording(AREA, Object.fromEntries(written));
}

function keep(name: string, events: readonly LogEvent[], ports: ReadonlyMap<string, number>): void {
  written.set(name, linesOfConnection(events, ports.get(name) ?? 0));
}
