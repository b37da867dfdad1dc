/**
 * Runs one program after another for the scripts beside this file. A signal that arrives meanwhile is passed on, so
 * that Ctrl-C and SIGTERM never leave a child behind.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in the repository's root with our own standard input and output.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ shell?: boolean }} [options] `shell` for programs that only a shell finds, such as npm on Windows
 * @returns {Promise<number>} its exit code; 128 and up when a signal ended it
 */
export function run(program, args, { shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', shell });
    let interrupted = false;
    const pass = (signal) => {
      interrupted = true;
      child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, pass);
    child.on('error', reject);
    child.on('close', (code) => {
      for (const signal of SIGNALS) process.off(signal, pass);
      if (interrupted) process.exit(130);
      resolve(code ?? 130);
    });
  });
}

/**
 * Runs a program that npm installed, by the JavaScript file that its package names.
 *
 * @param {string} file below node_modules
 * @param {readonly string[]} args
 */
export function runInstalled(file, args) {
  return run(process.execPath, [`${ROOT}node_modules/${file}`, ...args]);
}

/**
 * @param {readonly string[]} args
 */
export function runNpm(args) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) return run(process.execPath, [npm, ...args]);
  return run('npm', args, { shell: process.platform === 'win32' });
}
