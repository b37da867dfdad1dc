/** The programs in the guide run: those in TypeScript that need nothing but a broker and a client. */

import { readdirSync, readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import * as amqpClient from '@cloudamqp/amqp-client';
import * as amqplib from 'amqplib';
import { describe, expect, test, vi } from 'vitest';
import * as leveret from '../../src/index.ts';

const GUIDE = new URL('../../docs/guide/', import.meta.url);
const MODULES: Readonly<Record<string, object>> = { leveret, amqplib, '@cloudamqp/amqp-client': amqpClient };

interface Example {
  readonly name: string;
  readonly source: string;
}

const examples = readdirSync(GUIDE).flatMap(examplesOf);

/** Programs that read files cannot be run here. */
function examplesOf(file: string): Example[] {
  const text = readFileSync(new URL(file, GUIDE), 'utf8');
  const sources = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, source = '']) => source);
  return sources
    .map((source, index) => ({ name: `${file}, program ${index + 1}`, source }))
    .filter(({ source }) => !source.includes('readFileSync'));
}

describe('the guide', () => {
  test.each(examples)('$name', async ({ source }) => {
    const printed = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await run(source);
    for (const [, expected] of source.matchAll(/console\.log\(.*\); \/\/ (.*)/g)) {
      expect(printed).toHaveBeenCalledWith(expected);
    }
    printed.mockRestore();
  });

  test('has programs', () => {
    expect(examples.length).toBeGreaterThan(3);
  });
});

async function run(source: string): Promise<void> {
  const body = source.replaceAll(
    /^import \{ (.+) \} from ('.+');$/gm,
    (_, names, module) => `const { ${names} } = modules[${module}];`,
  );
  const program: (modules: typeof MODULES) => Promise<void> = runInThisContext(`(async (modules) => {\n${body}\n})`);
  await program(MODULES);
}
