/** Debian's Python clients, pika and kombu, as programs of their own; what they print is what they saw. */

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../support/broker.ts';
import { runToEnd } from '../support/child-program.ts';
import { PYTHON, pythonPackage } from '../support/python.ts';
import { isAvailable } from '../support/requirement.ts';

const PIKA_PROGRAM = fileURLToPath(new URL('programs/pika_client.py', import.meta.url));
const KOMBU_PROGRAM = fileURLToPath(new URL('programs/kombu_client.py', import.meta.url));

const hasPika = isAvailable("Debian's python3-pika", [PYTHON, pythonPackage('pika')]);
const hasKombu = isAvailable("Debian's python3-kombu", [PYTHON, pythonPackage('kombu')]);

let broker: TestBroker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());

/** Runs a program that gets the broker's address last; it must print nothing to standard error. */
async function linesOf(program: string, args: readonly string[] = []): Promise<readonly string[]> {
  const ended = await runToEnd(PYTHON, ['-u', program, ...args, `${broker.url}/%2F`]);
  expect(ended.errorLines).toEqual([]);
  expect(ended.code).toBe(0);
  return ended.lines;
}

describe.skipIf(!hasPika)('pika', () => {
  test('blocking: confirms, returns, requeues and refusals', async () => {
    expect(await linesOf(PIKA_PROGRAM, ['blocking'])).toEqual([
      'returned 312 NO_ROUTE',
      "the last one was redelivered True b'3'",
      'requeued on cancel 0',
      "(406, 'PRECONDITION_FAILED - cannot switch from confirm to tx mode')",
      'left 0',
      "(404, \"NOT_FOUND - no queue 'leveret.pika' in vhost '/'\")",
    ]);
  });

  test.each(['select', 'asyncio'])('%s: each step in the callback of the last', async (form) => {
    expect(await linesOf(PIKA_PROGRAM, [form])).toEqual([
      'confirmed 20 in order True',
      'channel closed 200',
      'closed 200 Normal shutdown',
    ]);
  });
});

describe.skipIf(!hasKombu)('kombu', () => {
  test('topic bindings, confirms, returns, requeue, a simple queue and a refusal', async () => {
    expect(await linesOf(KOMBU_PROGRAM)).toEqual([
      "returned [(312, 'leveret.kombu', 'user.us')]",
      "seen [('order.new', False, 3), ('order.new', True, 3), ('order.eu', False, 3), ('user.eu', False, 3)]",
      "simple {'nothing': None, 'list': [1, 'zwei']} 0",
      "NotFound 404 NOT_FOUND - no queue 'leveret.kombu.missing' in vhost '/'",
      'left 0',
    ]);
  });
});
