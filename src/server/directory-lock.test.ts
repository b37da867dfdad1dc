/** The lock on a directory: one holder, whoever comes at the same time, and no holder that is dead. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { SeededRandom } from '../base/random.ts';
import { DirectoryInUse, DirectoryLock } from './directory-lock.ts';
import type { LifeSignKind } from './life-sign.ts';
import { giveLifeSign } from './life-sign.ts';

const KINDS: readonly LifeSignKind[] = ['socket', 'file'];

/** Starters that come at the same time: those that got the lock, and the processes that the others were told of. */
async function takeAtOnce(directory: string, kind: LifeSignKind, count: number) {
  const takes = Array.from({ length: count }, () => DirectoryLock.take(directory, kind));
  const results = await Promise.allSettled(takes);
  const holders = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  const refusals = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(DirectoryInUse);
  return { holders, processIds: refusals.map((refusal) => (refusal as DirectoryInUse).processId) };
}

/** The lock as a process has left it that was killed. */
async function deadLock(directory: string, kind: LifeSignKind): Promise<void> {
  const lock = join(directory, 'lock');
  mkdirSync(lock);
  if (kind === 'file') writeFileSync(join(lock, entryName(endedProcessId())), '');
  else await deadSocket(directory, join(lock, '4242.1.boot.nonce'));
}

/** A server removes its socket when it closes, unless that has been moved. */
async function deadSocket(directory: string, path: string): Promise<void> {
  const server = createServer();
  await once(server.listen(join(directory, 'socket')), 'listening');
  renameSync(join(directory, 'socket'), path);
  server.close();
  await once(server, 'close');
}

function endedProcessId(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

function entryName(processId: number, options: { start?: string; boot?: string } = {}): string {
  const { start = '', boot = '' } = options;
  return `${processId}.${start}.${boot}.${processId}`;
}

describe.each(KINDS)('a lock by %s', (kind) => {
  test('has one holder, of which others are told the process, until it is released', async () => {
    const directory = temporaryFolder();
    const first = await DirectoryLock.take(directory, kind);
    const refused = await DirectoryLock.take(directory, kind).catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(DirectoryInUse);
    expect(refused).toMatchObject({ processId: process.pid, message: `in use by process ${process.pid}` });
    await first.release();
    await (await DirectoryLock.take(directory, kind)).release();
  });

  test('is taken by exactly one of many that come at once', async () => {
    const directory = temporaryFolder();
    const { holders, processIds } = await takeAtOnce(directory, kind, 20);

    expect(holders.length).toBe(1);
    expect(processIds).toEqual(Array.from({ length: 19 }, () => process.pid));
    expect(readdirSync(directory)).toEqual(['lock']);
    await holders[0]?.release();
  });

  test('of a dead process is taken over by exactly one of many that come at once', async () => {
    const directory = temporaryFolder();
    await deadLock(directory, kind);
    const { holders } = await takeAtOnce(directory, kind, 20);

    expect(holders.length).toBe(1);
    await holders[0]?.release();
  });

  test('never has two holders while many take and release it', async () => {
    const directory = temporaryFolder();
    const random = new SeededRandom(1);
    let holders = 0;
    let takes = 0;
    const starter = async () => {
      for (let round = 0; round < 30; round++) {
        const lock = await DirectoryLock.take(directory, kind).catch((error: unknown) => {
          if (error instanceof DirectoryInUse) return undefined;
          throw error;
        });
        if (lock === undefined) continue;
        takes++;
        holders++;
        expect(holders).toBe(1);
        if (random.below(2) === 0) await new Promise(setImmediate);
        holders--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 8 }, starter));

    expect(takes).toBeGreaterThan(0);
  });

  test('is released also when the directory is gone', async () => {
    const directory = join(temporaryFolder(), 'data');
    mkdirSync(directory);
    const lock = await DirectoryLock.take(directory, kind);
    renameSync(directory, `${directory}-moved`);

    await lock.release();
    expect(existsSync(directory)).toBe(false);
  });

  test('moves with its directory', async () => {
    const directory = join(temporaryFolder(), 'data');
    mkdirSync(directory);
    const lock = await DirectoryLock.take(directory, kind);
    renameSync(directory, `${directory}-moved`);

    await expect(DirectoryLock.take(`${directory}-moved`, kind)).rejects.toThrow(DirectoryInUse);
    await lock.release();
  });

  test('clears away what a starter has left that was killed halfway', async () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, 'lock-1234abcd'));
    writeFileSync(join(directory, 'lock-1234abcd', entryName(endedProcessId())), '');
    const lock = await DirectoryLock.take(directory, kind);

    expect(readdirSync(directory)).toEqual(['lock']);
    await lock.release();
  });
});

describe('a lock whose holder is told by a file', () => {
  const takenFrom = async (name: string) => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, 'lock'));
    writeFileSync(join(directory, 'lock', name), '');
    const lock = await DirectoryLock.take(directory);
    await lock.release();
  };

  test('is held by a process of which only the id is known, and which lives', async () => {
    await expect(takenFrom(entryName(process.ppid))).rejects.toThrow(`in use by process ${process.ppid}`);
  });

  test('is free after the machine was booted again', async () => {
    await takenFrom(entryName(process.ppid, { boot: 'another' }));
  });

  test.runIf(existsSync('/proc/self/stat'))(
    'is free when its process id has been given to another process',
    async () => {
      await takenFrom(entryName(process.pid, { start: '1' }));
    },
  );

  test('is free when it names no process', async () => {
    await takenFrom('something else');
    await takenFrom('0.1');
  });

  test('is what there is where the address of a socket would be too long', async () => {
    const directory = join(temporaryFolder(), 'x'.repeat(100));
    mkdirSync(directory);
    const { name } = await giveLifeSign(directory);
    const lock = await DirectoryLock.take(directory);

    expect(
      readdirSync(directory, { withFileTypes: true })
        .find((entry) => entry.name === name)
        ?.isFile(),
    ).toBe(true);
    await expect(DirectoryLock.take(directory)).rejects.toThrow(DirectoryInUse);
    await lock.release();
  });
});
