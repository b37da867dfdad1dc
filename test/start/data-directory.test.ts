/**
 * One data directory and several processes: exactly one gets it, whatever has happened to the one before.
 */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));

function start(dataDir: string, cwd?: string): ChildProgram {
  const args = [PROGRAM, '--port', '0', '--bind', '127.0.0.1', ...(dataDir === '' ? [] : ['--data-dir', dataDir])];
  const { npm_command: _, ...env } = process.env;
  const program = new ChildProgram(process.execPath, args, cwd === undefined ? {} : { cwd, env });
  onTestFinished(async () => {
    await program.kill();
  });
  return program;
}

const ready = (program: ChildProgram) => program.line(/is ready/);

/** Of several that start at once: the one that is ready, and what the others printed when they ended. */
async function startAtOnce(dataDir: string, count: number): Promise<{ winner: ChildProgram; refusals: string[] }> {
  const programs = Array.from({ length: count }, () => start(dataDir));
  const winner = await Promise.any(programs.map((program) => ready(program).then(() => program)));
  const others = programs.filter((program) => program !== winner);
  const exits = await Promise.all(others.map(({ exited }) => exited));
  expect(exits.map(({ code }) => code)).toEqual(others.map(() => 1));
  return { winner, refusals: others.flatMap(({ errorLines }) => errorLines) };
}

test('a second broker on a data directory is refused and told the process that has it', async () => {
  const dataDir = temporaryFolder();
  const first = start(dataDir);
  await ready(first);
  const second = start(dataDir);

  expect((await second.exited).code).toBe(1);
  expect(second.errorLines).toEqual([
    `leveret: the data directory ${dataDir} is in use by process ${first.pid}. Stop that process, or choose another ` +
      'folder with --data-dir.',
  ]);
  await first.kill('SIGTERM');
  await ready(start(dataDir));
});

test('of brokers that start at once one gets the data directory, also after a crash', async () => {
  const dataDir = temporaryFolder();
  for (let crash = 0; crash < 3; crash++) {
    const { winner, refusals } = await startAtOnce(dataDir, 4);
    expect(refusals).toEqual(Array(3).fill(expect.stringContaining(`is in use by process ${winner.pid}.`)));
    await winner.kill();
  }
});

test('a broker that is told nothing keeps its data below the current folder', async () => {
  const folder = temporaryFolder();
  const program = start('', folder);
  await program.line(new RegExp(`Data +${folder}/leveret-data$`));

  expect(readdirSync(folder)).toEqual(['leveret-data']);
});
