/**
 * The directory with a broker's durable data: makes it, keeps other processes and other users out, and knows its format.
 * Nothing in it depends on the machine's name: it may be moved.
 */

import { constants } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DirectoryInUse, DirectoryLock } from './directory-lock.ts';
import { syncFolder } from './folder-sync.ts';
import { NodeDisk } from './node-disk.ts';
import { errorCode, errorReason } from './system-error.ts';

/** The version of what stands in the directory. Raise it with anything that an older program would misread. */
const FORMAT = 1;

const FORMAT_FILE = 'format';
/** Names that only the store gives. */
const STORE_FILE = /^(segment|checkpoint|page)-/;
/** What packages make, for the user that their service runs as. */
const PACKAGE_DIRECTORY = '/var/lib/leveret';
const LOCAL_DIRECTORY = 'leveret-data';

/** The directory cannot be used; the text says why and what helps. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

export interface ClaimOptions {
  /** The newest format that is known; for tests. */
  readonly format?: number;
}

/** A data directory that belongs to this process until it is released. */
export class DataDirectory {
  /** Absolute. */
  readonly path: string;
  readonly disk: NodeDisk;
  readonly #lock: DirectoryLock;
  #released: Promise<void> | undefined;

  /**
   * Makes the directory if need be, and takes it for this process.
   *
   * @throws DataDirectoryError when another process has it, it cannot be written, or its format is newer
   */
  static async claim(path: string, options: ClaimOptions = {}): Promise<DataDirectory> {
    const absolute = resolve(path);
    try {
      await makeDirectory(absolute);
      return await openLocked(absolute, options.format ?? FORMAT);
    } catch (error) {
      throw explained(error, absolute);
    }
  }

  constructor(path: string, lock: DirectoryLock, disk: NodeDisk) {
    this.path = path;
    this.disk = disk;
    this.#lock = lock;
  }

  /** Closes the disk, which nobody may use any more, and lets other processes have it. May be called again. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  /** What is still being written would hit the next one's files. */
  async #release(): Promise<void> {
    await this.disk.close();
    await this.#lock.release();
  }
}

async function openLocked(path: string, format: number): Promise<DataDirectory> {
  const lock = await DirectoryLock.take(path);
  try {
    await checkFormat(path, format);
    return new DataDirectory(path, lock, new NodeDisk(path));
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function checkFormat(path: string, known: number): Promise<void> {
  const found = await formatOf(path);
  if (found === undefined) await refuseWithoutFormat(path);
  else if (found > known) throw newerFormat(path, { found, known });
  // An older one is raised before anything is written that only this program can read.
  if (found !== known) await writeFormat(path, known);
}

/**
 * Where a broker keeps its data that was told nothing: a package's service in the directory that the package made,
 * everybody else below the current directory. Also on a machine with the package, `npm start` and `npx` do not touch
 * its data.
 */
export async function defaultDataDirectory(
  environment: NodeJS.ProcessEnv,
  packageDirectory = PACKAGE_DIRECTORY,
): Promise<string> {
  const isStartedByNpm = environment.npm_command !== undefined;
  return !isStartedByNpm && (await isWritable(packageDirectory)) ? packageDirectory : LOCAL_DIRECTORY;
}

async function isWritable(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** With the folders above it. The names, too, survive a power cut. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (errorCode(error) !== 'ENOENT') throw error;
    // Not left to Node.js, which calls a full or read-only disk a missing folder.
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
  await syncFolder(dirname(path));
}

/** @returns undefined when the directory has no format yet */
async function formatOf(directory: string): Promise<number | undefined> {
  const path = join(directory, FORMAT_FILE);
  let text: string;
  try {
    text = await readFile(path, 'latin1');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (!/^\d{1,9}\n/.test(text)) throw new DataDirectoryError(`${path} does not begin with a number: it is damaged.`);
  return Number.parseInt(text, 10);
}

/**
 * Only looks.
 *
 * @throws DataDirectoryError when a directory is none of a broker's, or a newer program's
 */
export async function assertKnownFormat(directory: string): Promise<void> {
  const found = await formatOf(directory);
  if (found === undefined) await refuseWithoutFormat(directory);
  if (found === undefined)
    throw new DataDirectoryError(`${directory} is no data directory: it has no file '${FORMAT_FILE}'.`);
  if (found > FORMAT) throw newerFormat(directory, { found, known: FORMAT });
}

/** The format is written before anything else, so that data without it is damaged, or somebody else's. */
async function refuseWithoutFormat(directory: string): Promise<void> {
  const found = (await readdir(directory)).find((name) => STORE_FILE.test(name));
  if (found === undefined) return;
  throw new DataDirectoryError(
    `the data directory ${directory} has ${found} but no file '${FORMAT_FILE}'. Put that file back from a copy, or ` +
      'choose another folder with --data-dir.',
  );
}

function newerFormat(directory: string, { found, known }: { found: number; known: number }): DataDirectoryError {
  return new DataDirectoryError(
    `the data directory ${directory} has format ${found}, and this program knows formats up to ${known}. It was ` +
      'written by a newer Leveret: start that one, or choose another folder with --data-dir.',
  );
}

/** Whole or not at all, also after a power cut. */
async function writeFormat(directory: string, format: number): Promise<void> {
  const path = join(directory, FORMAT_FILE);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(
      `${format}\nThe version of the data of Leveret in this directory. Change nothing here by hand.\n`,
    );
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(directory);
}

function explained(error: unknown, directory: string): unknown {
  if (error instanceof DataDirectoryError) return error;
  const text = error instanceof DirectoryInUse ? inUse(error) : whyUnusable(error);
  if (text === undefined) return error;
  return new DataDirectoryError(`the data directory ${directory} ${text}`, { cause: error });
}

function inUse({ processId }: DirectoryInUse): string {
  return `is in use by process ${processId}. Stop that process, or choose another folder with --data-dir.`;
}

/** @returns undefined when the system has nothing to do with it: then it is a bug */
function whyUnusable(error: unknown): string | undefined {
  switch (errorCode(error)) {
    case undefined:
      return undefined;
    case 'EACCES':
    case 'EPERM':
      return 'cannot be written by this user. Give it the right to, or choose another folder with --data-dir.';
    case 'EROFS':
      return 'is on a file system that is read-only. Choose another folder with --data-dir.';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'is a file, or lies below one. Remove that file, or choose a folder with --data-dir.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'has no space left. Free some, or choose another folder with --data-dir.';
    default:
      return `cannot be used: ${errorReason(error)}. Choose another folder with --data-dir.`;
  }
}
