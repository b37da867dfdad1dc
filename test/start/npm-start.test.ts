/**
 * `npm start` as a newcomer types it: the broker comes up, and a signal to npm is a signal to the broker.
 */

import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function npmStart(...args: string[]): ChildProgram {
  const program = new ChildProgram('npm', ['start', '--', ...args], { cwd: ROOT });
  onTestFinished(async () => {
    await program.kill('SIGTERM');
  });
  return program;
}

test.each(['SIGTERM', 'SIGINT'] as const)('npm start serves until %s, and then ends in order', async (signal) => {
  const program = npmStart('--port', '0', '--bind', '127.0.0.1', '--data-dir', temporaryFolder());
  await program.line(/Listens +AMQP 0-9-1 on port \d+/);
  const { code } = await program.kill(signal);
  expect(program.lines).toContain('Leveret has stopped.');
  expect(code).toBe(0);
});

test('npm start passes arguments on and ends with the exit code of the broker', async () => {
  const program = npmStart('--set', 'no_such_key=1');
  const { code } = await program.exited;
  expect(program.errorLines.join('\n')).toContain('no_such_key');
  expect(code).toBe(64);
});
