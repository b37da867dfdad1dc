/**
 * What a client sees on the wire, case by case, as RabbitMQ 3.10 shows it: against a Leveret of its own, or against the
 * broker that BROKER_URL names. How to record RabbitMQ's answers again stands in recording.ts.
 */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrokerUnderTest, startBrokerUnderTest } from './broker-under-test.ts';
import { CaseRun } from './case-run.ts';
import { AREAS } from './cases/areas.ts';
import { complaintAbout, type Difference } from './judgement.ts';
import { readRecording, writeRecording } from './recording.ts';
import type { ConformanceCase } from './steps.ts';

const CASES_AT_ONCE = 24;
const DIFFERENCES_MAX = 25;
const ALL_CASES_MS_MAX = 120_000;

const isRecording = process.env.RECORD === '1';
const areas = Object.entries(AREAS);
const cases = areas.flatMap(([, list]) => list);
const differences = JSON.parse(
  readFileSync(new URL('differences.json', import.meta.url), 'utf8'),
) as readonly Difference[];

const answers = new Map<string, readonly string[]>();
let broker: BrokerUnderTest;

beforeAll(async () => {
  broker = await startBrokerUnderTest();
  if (isRecording && !broker.isGiven) throw new Error('RECORD=1 needs BROKER_URL: only RabbitMQ is recorded');
  const waiting = [...cases];
  await Promise.all(Array.from({ length: CASES_AT_ONCE }, () => runAll(waiting)));
  if (isRecording) for (const [area, list] of areas) record(area, list);
}, ALL_CASES_MS_MAX);

afterAll(() => broker.stop());

describe.each(areas)('%s', (area, list) => {
  const recording = readRecording(area);

  test.each(list)('$feature: $name', ({ name }) => {
    const isOurs = !broker.isGiven;
    const complaint = complaintAbout({
      recorded: isRecording ? answers.get(name) : recording[name],
      answered: answers.get(name) ?? [],
      differences: isOurs ? differences.filter((difference) => difference.cases.includes(name)) : [],
    });
    expect(complaint).toBeUndefined();
  });

  test('nothing is recorded that no case asks', () => {
    const names = new Set(list.map(({ name }) => name));
    expect(Object.keys(readRecording(area)).filter((name) => !names.has(name))).toEqual([]);
  });
});

test(`${differences.length} differences are on purpose, at most ${DIFFERENCES_MAX}, and each is of a case`, () => {
  expect(differences.length).toBeLessThanOrEqual(DIFFERENCES_MAX);
  const named = differences.flatMap((difference) => difference.cases);
  expect(named.filter((name) => !cases.some((one) => one.name === name))).toEqual([]);
});

test('no two cases have one name', () => {
  const names = cases.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test.runIf(isRecording)('RabbitMQ answered everything', () => {
  const silent = cases.filter(({ name }) => answers.get(name)?.some((line) => line.endsWith('no answer')));
  expect(silent.map(({ name }) => name)).toEqual([]);
});

async function runAll(waiting: ConformanceCase[]): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
    answers.set(next.name, await answerOf(next));
}

async function answerOf({ name, steps }: ConformanceCase): Promise<readonly string[]> {
  const number = cases.findIndex((one) => one.name === name);
  const run = new CaseRun(broker, `${RUN}${String(number).padStart(3, '0')}.`);
  for (const step of steps) await step(run, { connection: 'a', channel: 1 });
  await run.finish();
  return run.transcript();
}

/** Tells this run's names from those of an earlier one against the same broker. */
const RUN = `c${Math.floor(Math.random() * 36 ** 5)
  .toString(36)
  .padStart(5, '0')}`;

function record(area: string, list: readonly ConformanceCase[]): void {
  writeRecording(area, Object.fromEntries(list.map(({ name }) => [name, answers.get(name) ?? []])));
}
