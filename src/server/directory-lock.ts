/**
 * A lock on a directory, so that two processes never write into it.
 *
 * The lock is a folder `lock` with one entry in it, named after the process that has it. Two things make it exact. Who
 * takes it moves a finished folder into the place, which the system does only while there is none or an empty one. And a
 * dead holder's entry is removed by its own name, which nobody else's has: that cannot hit a lock taken in the meantime.
 */

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LifeSign, LifeSignKind } from './life-sign.ts';
import { giveLifeSign, isAlive, processIdIn } from './life-sign.ts';
import { errorCode } from './system-error.ts';

const LOCK = 'lock';
/** A folder on its way to become the lock. */
const PREPARED = 'lock-';

/** Each turn of another starter costs us one; more than a few mean that something is wrong. */
const ATTEMPTS_MAX = 100;

/** Another process has the directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
  readonly processId: number;

  constructor(processId: number) {
    super(`in use by process ${processId}`);
    this.processId = processId;
  }
}

export class DirectoryLock {
  readonly #directory: string;
  readonly #lifeSign: LifeSign;

  /**
   * @param kind of life sign; the best that is possible unless given
   * @throws DirectoryInUse when a living process has it
   * @throws Error when the directory cannot be written
   */
  static async take(directory: string, kind?: LifeSignKind): Promise<DirectoryLock> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const lifeSign = await tryToTake(directory, kind);
      if (lifeSign !== undefined) {
        await removePrepared(directory);
        return new DirectoryLock(directory, lifeSign);
      }
      await removeDead(join(directory, LOCK));
    }
    throw new Error(`${join(directory, LOCK)} changes all the time`);
  }

  /** Only looks. @returns the id of the living process that has a directory, if there is one */
  static async holderOf(directory: string): Promise<number | undefined> {
    const lock = join(directory, LOCK);
    for (const name of await namesIn(lock)) if (await isAlive(lock, name)) return processIdIn(name);
    return undefined;
  }

  private constructor(directory: string, lifeSign: LifeSign) {
    this.#directory = directory;
    this.#lifeSign = lifeSign;
  }

  /** Leaves an empty lock, whose room on a full disk is the next one's. The directory may be gone by now. */
  async release(): Promise<void> {
    await unlessGone(unlink(join(this.#directory, LOCK, this.#lifeSign.name)));
    this.#lifeSign.end();
  }
}

/** @returns our life sign, which now stands in the lock, or undefined when the lock is another's */
async function tryToTake(directory: string, kind: LifeSignKind | undefined): Promise<LifeSign | undefined> {
  const prepared = join(directory, PREPARED + randomBytes(4).toString('hex'));
  await makeFolder(prepared, directory);
  const lifeSign = await unlessTaken(() => giveLifeSign(prepared, kind));
  if (lifeSign === undefined) return undefined;
  const lock = join(directory, LOCK);
  const isTaken = await unlessTaken(async () => {
    await moveInto(prepared, lock);
    return await isInside(lock, lifeSign);
  });
  if (isTaken) return lifeSign;
  lifeSign.end();
  await rm(prepared, { recursive: true, force: true });
  return undefined;
}

/** On a full disk, where a broker must start all the same, the room of a lock that is nobody's is used again. */
async function makeFolder(path: string, directory: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC' && errorCode(error) !== 'EDQUOT') throw error;
    const lock = join(directory, LOCK);
    await removeDead(lock);
    await unlessGone(rmdir(lock));
    await mkdir(path, { mode: 0o700 });
  }
}

/** Who got the lock clears away what others have prepared, so that anything of ours may be gone. */
async function unlessTaken<Result>(step: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await step();
  } catch (error) {
    if (!isOccupied(error) && errorCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

/** A folder that was cleared at the last moment moves as well, empty: then there is no lock yet. */
async function isInside(lock: string, lifeSign: LifeSign): Promise<boolean> {
  return (await namesIn(lock)).includes(lifeSign.name);
}

async function moveInto(prepared: string, lock: string): Promise<void> {
  // Windows moves nothing over a folder, not even an empty one.
  if (process.platform === 'win32') await unlessGone(rmdir(lock));
  await rename(prepared, lock);
}

/** @throws DirectoryInUse when the lock is not a dead process's */
async function removeDead(lock: string): Promise<void> {
  for (const name of await namesIn(lock)) {
    if (await isAlive(lock, name)) throw new DirectoryInUse(processIdIn(name));
    await unlessGone(unlink(join(lock, name)));
  }
}

/** What starters have left that were killed halfway, or wait in vain: we have the lock. */
async function removePrepared(directory: string): Promise<void> {
  const names = await namesIn(directory);
  for (const name of names.filter((entry) => entry.startsWith(PREPARED))) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function unlessGone(removal: Promise<void>): Promise<void> {
  await unlessTaken(() => removal);
}

/** Systems differ in what they call a folder that is not empty; Windows says that the move is not allowed. */
function isOccupied(error: unknown): boolean {
  const code = errorCode(error);
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return true;
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES');
}
