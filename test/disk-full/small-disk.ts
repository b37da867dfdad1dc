/**
 * A small real file system for a test, that can be filled and made read-only. It needs the right to mount; without it the
 * tests are skipped, also under CI, and a line says so.
 */

import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MB = 2 ** 20;

export interface SmallDisk {
  /** Where it is mounted. */
  readonly folder: string;
  /** Takes all the room there is. */
  fill(): void;
  /** Gives back what `fill` has taken. */
  free(): void;
  /** No file may be open for writing. */
  makeReadOnly(): void;
}

/** An ext4 in a file, which accounts for blocks as the disks of servers do. */
export function smallDisk(megabytes: number): SmallDisk {
  const parent = temporaryFolder();
  const image = join(parent, 'image');
  const folder = join(parent, 'mounted');
  writeFileSync(image, '');
  truncateSync(image, megabytes * MB);
  mkdirSync(folder);
  run('mkfs.ext4', '-q', '-F', '-m', '0', image);
  run('mount', '-o', 'loop', image, folder);
  // Lazily, because a broker that is just being ended may still have files open.
  onTestFinished(() => run('umount', '--lazy', folder));
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => fillUp(ballast),
    free: () => rmSync(ballast),
    makeReadOnly: () => run('mount', '-o', 'remount,ro', folder),
  };
}

/** Whether this process may make a small disk; says so when not. */
export const canMakeSmallDisk: boolean = tryToMount();

function tryToMount(): boolean {
  try {
    run('unshare', '--mount', 'sh', '-c', 'command -v mkfs.ext4 && losetup --find && mount -t tmpfs tmpfs /mnt');
    return true;
  } catch (error) {
    console.warn(`skipped: small disks cannot be made here (${error instanceof Error ? error.message.trim() : error})`);
    return false;
  }
}

function fillUp(path: string): void {
  const file = openSync(path, 'a');
  // Smaller and smaller, for the last blocks.
  for (const bytes of [MB, 4096, 1]) {
    while (writes(file, bytes));
    fsyncSync(file);
  }
  closeSync(file);
}

function writes(file: number, bytes: number): boolean {
  try {
    return writeSync(file, new Uint8Array(bytes)) === bytes;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
