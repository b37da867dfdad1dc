/** Nothing is left out: each row of FEATURES has a case or a test, and so has each refusal that the broker knows. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type BrokerError, refusal } from '../../src/core/errors.ts';
import { AREAS } from './cases/areas.ts';
import { ROWS, SHOWN_ELSEWHERE } from './rows.ts';

const ROOT = new URL('../../', import.meta.url);
/** Stands for an argument of a refusal. */
const ARGUMENT = '\0';

const cases = Object.values(AREAS).flat();

test.each(ROWS)('%s has a case, or a test elsewhere', (row) => {
  const [file, title] = SHOWN_ELSEWHERE[row] ?? [];
  const isElsewhere = file !== undefined && title !== undefined && textOf(file).includes(title);
  expect(cases.some(({ feature }) => feature === row)).toBe(!isElsewhere);
});

test.each(Object.entries(refusal))('the refusal %s is in a recording, a difference or a test', (_name, make) => {
  const values = Array.from({ length: make.length }, () => ARGUMENT);
  const { reply, message } = (make as (...values: string[]) => BrokerError)(...values);
  const [longest = ''] = message
    .slice(`${reply} - `.length)
    .split(ARGUMENT)
    .sort((a, b) => b.length - a.length);
  expect(answers.includes(longest), longest).toBe(true);
});

const answers = [...filesBelow('test/', '.json'), ...filesBelow('src/', '.test.ts'), ...filesBelow('test/', '.test.ts')]
  .map(textOf)
  .join('\n');

function filesBelow(folder: string, ending: string): string[] {
  const names = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(ending)).map((name) => folder + name);
}

function textOf(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}
