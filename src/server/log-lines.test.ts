/** What the operator sees. */

import { expect, test } from 'vitest';
import { consoleLogLines } from './log-lines.ts';

test('a line has the time in UTC, the level and the text', () => {
  const printed: string[] = [];
  const lines = consoleLogLines((line) => void printed.push(line), { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) });

  lines.warning('closing AMQP connection');

  expect(printed).toEqual(['2026-01-02T03:04:05.006Z [warning] closing AMQP connection']);
});

test('lines below the lowest level asked for are not printed', () => {
  const printed: string[] = [];
  const lines = consoleLogLines((line) => void printed.push(line), { levelMin: 'warning', now: () => 0 });

  lines.info('a');
  lines.warning('b');
  lines.error('c');

  expect(printed.map((line) => line.at(-1))).toEqual(['b', 'c']);
});
