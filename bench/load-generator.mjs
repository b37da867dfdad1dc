/**
 * Finds and runs the load generator that the environment variable AMQPLOAD names: a program, or the folder of its
 * source, which is then built in a copy outside of that folder. It is a C program and no part of this repository.
 */

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEFAULT = fileURLToPath(new URL('../../shared/tools/amqpload', import.meta.url));
const PROGRAM = 'amqpload';
const RUN_LIMIT_MS = 300_000;

/** The path of the program. Ends this process with a message when there is none. */
export function findLoadGenerator() {
  const named = process.env.AMQPLOAD || DEFAULT;
  if (existsSync(named) && statSync(named).isFile()) return named;
  if (existsSync(join(named, PROGRAM))) return join(named, PROGRAM);
  if (existsSync(join(named, 'Makefile'))) return build(named);
  console.error(
    `bench: no load generator at ${named}. Set AMQPLOAD to the program amqpload or to the folder of its source.`,
  );
  process.exit(2);
}

function build(source) {
  const copy = join(tmpdir(), `${PROGRAM}-${hashOfFolder(source)}`);
  if (!existsSync(join(copy, PROGRAM))) {
    cpSync(source, copy, { recursive: true, mode: 0 });
    execFileSync('chmod', ['-R', 'u+w', copy]);
    execFileSync('make', ['--silent', '-C', copy], { stdio: 'inherit' });
  }
  return join(copy, PROGRAM);
}

function hashOfFolder(folder) {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Runs the load generator to its end.
 *
 * @param {string} program
 * @param {{ port: number, pid: number }} broker
 * @param {string} flags separated by blanks, as on its command line
 * @returns {Promise<{ code: number, result: any, error: string }>} `result` is its JSON line, if it printed one
 */
export function runLoad(program, broker, flags) {
  const args = ['--port', `${broker.port}`, '--server-pid', `${broker.pid}`, '--quiet', ...flags.split(/ +/)];
  return new Promise((resolve) => {
    execFile(program, args, { timeout: RUN_LIMIT_MS, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      const result = line.startsWith('{') ? JSON.parse(line) : undefined;
      resolve({ code: exitCode(error), result, error: stderr.trim() });
    });
  });
}

function exitCode(error) {
  if (error === null) return 0;
  return typeof error.code === 'number' ? error.code : 255;
}

/** Server CPU in microseconds per message, or undefined when too little was measured. */
export function cpuPerMessage(result) {
  const rate = result?.msgs_per_server_cpu_s;
  return rate > 0 ? 1e6 / rate : undefined;
}
