/**
 * How a process shows that it lives, to others that may start much later: an entry in a folder, named after it.
 *
 * The best is a socket that listens, because the system itself ends it with the process: process ids come again, and
 * those of another container mean nothing here. Where there can be no socket in a folder (Windows, some shared folders,
 * very long paths) it is an empty file, whose name tells the process by its id, its start and the boot of the machine.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lstat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { errorCode } from './system-error.ts';

export type LifeSignKind = 'socket' | 'file';

export interface LifeSign {
  /** Of the entry; no other ever has it. */
  readonly name: string;
  /** Ends it. The entry stays. */
  end(): void;
}

/** What a socket's address has room for on every system; longer ones are cut without a word. */
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * @param kind the best that is possible unless given
 * @throws Error when the folder cannot be written
 */
export async function giveLifeSign(folder: string, kind?: LifeSignKind): Promise<LifeSign> {
  const name = [process.pid, startOf(process.pid) ?? '', bootId() ?? '', randomBytes(4).toString('hex')].join('.');
  const path = join(folder, name);
  const socket = kind === 'file' ? undefined : await listenAt(path);
  if (socket !== undefined) return { name, end: () => socket.close() };
  await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  return { name, end: () => {} };
}

/** The id that the process had where it ran; another container may have another process by that id. */
export function processIdIn(name: string): number {
  return Number.parseInt(name, 10);
}

/** @throws Error when that cannot be found out */
export async function isAlive(folder: string, name: string): Promise<boolean> {
  const path = join(folder, name);
  try {
    return (await lstat(path)).isSocket() ? await isListening(path) : isRunning(name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** @returns undefined where there can be no socket */
function listenAt(path: string): Promise<{ close(): void } | undefined> {
  if (process.platform === 'win32' || Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX)
    return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    // The lock does not keep the process alive.
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen(path, () => resolve(server));
  });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const connection = connect(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error) => {
      const code = errorCode(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      // Full of others that ask the same.
      else if (code === 'EAGAIN') resolve(true);
      // It has ended, or is about to.
      else if (code === 'ECONNRESET' || code === 'EPIPE') resolve(isListening(path));
      else reject(error);
    });
  });
}

function isRunning(name: string): boolean {
  const [, start = '', boot = ''] = name.split('.');
  if (boot !== '' && boot !== bootId()) return false;
  const processId = processIdIn(name);
  if (!(processId > 0 && isThere(processId))) return false;
  return start === '' || start === startOf(processId);
}

function isThere(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Another user's process is there as well.
    return errorCode(error) === 'EPERM';
  }
}

/** When a process began, in ticks since the machine was booted; undefined where the system does not tell. */
function startOf(processId: number): string | undefined {
  // After the program's name, which stands in parentheses and may hold anything, it is the 20th field.
  return procFile(`/proc/${processId}/stat`)?.split(') ').at(-1)?.split(' ')[19];
}

/** Of this boot of the machine; undefined where the system does not tell. */
function bootId(): string | undefined {
  return procFile('/proc/sys/kernel/random/boot_id')?.slice(0, 8);
}

function procFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Not Linux, or the process has just ended.
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
}
