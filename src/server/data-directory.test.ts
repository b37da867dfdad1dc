/** The data directory: who may have it, and what a user is told who cannot. */

import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { DataDirectory, DataDirectoryError, defaultDataDirectory } from './data-directory.ts';

/** Claims the directory and gives it back; answers with what the user is told otherwise. */
async function problemWith(path: string, format?: number): Promise<string | undefined> {
  try {
    const directory = await DataDirectory.claim(path, format === undefined ? {} : { format });
    await directory.release();
    return undefined;
  } catch (error) {
    if (error instanceof DataDirectoryError) return error.message;
    throw error;
  }
}

/** The rest of the test runs as a user who may not write everywhere, as root may. */
function becomeOrdinaryUser(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}

describe('a data directory', () => {
  test('is made with the folders above it, for this user only', async () => {
    const path = join(temporaryFolder(), 'var', 'data');
    const directory = await DataDirectory.claim(path);

    expect(directory.path).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'format')).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, 'lock')).mode & 0o777).toBe(0o700);
    expect(readdirSync(path).sort()).toEqual(['format', 'lock']);
    await directory.release();
    await directory.release();
  });

  test('belongs to one process; another is told which', async () => {
    const path = temporaryFolder();
    const directory = await DataDirectory.claim(path);

    expect(await problemWith(path)).toBe(
      `the data directory ${path} is in use by process ${process.pid}. Stop that process, or choose another folder ` +
        'with --data-dir.',
    );
    await directory.release();
    expect(await problemWith(path)).toBeUndefined();
  });

  test('has a disk, which is closed before another process can have the directory', async () => {
    const path = temporaryFolder();
    const directory = await DataDirectory.claim(path);
    const order: string[] = [];
    directory.disk.open('a').write(new Uint8Array(1_000_000), 0, () => order.push('written'));
    await directory.release();
    order.push('released');

    expect(order).toEqual(['written', 'released']);
    expect(statSync(join(path, 'a')).size).toBe(1_000_000);
  });

  test('opens again, also in another place', async () => {
    const path = join(temporaryFolder(), 'data');
    expect(await problemWith(path)).toBeUndefined();
    renameSync(path, `${path}-moved`);

    expect(await problemWith(`${path}-moved`)).toBeUndefined();
  });

  test('of an older format opens, and is then closed to older programs', async () => {
    const path = temporaryFolder();
    expect(await problemWith(path, 1)).toBeUndefined();
    expect(await problemWith(path, 3)).toBeUndefined();

    expect(readFileSync(join(path, 'format'), 'utf8')).toMatch(/^3\n/);
    expect(readdirSync(path).sort()).toEqual(['format', 'lock']);
  });

  test('of a newer format is refused with both versions and what to do, and stays free', async () => {
    const path = temporaryFolder();
    await problemWith(path, 12);
    const refusal =
      `the data directory ${path} has format 12, and this program knows formats up to 2. It was written by a newer ` +
      'Leveret: start that one, or choose another folder with --data-dir.';

    expect(await problemWith(path, 2)).toBe(refusal);
    expect(await problemWith(path, 2)).toBe(refusal);
    expect(await problemWith(path, 12)).toBeUndefined();
  });

  test('with a damaged format is refused', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'format'), 'abc');

    expect(await problemWith(path)).toBe(`${path}/format does not begin with a number: it is damaged.`);
  });

  test('with data but without a format is refused', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'segment-000001.log'), 'x');

    expect(await problemWith(path)).toBe(
      `the data directory ${path} has segment-000001.log but no file 'format'. Put that file back from a copy, or ` +
        'choose another folder with --data-dir.',
    );
  });

  test('may have other files in it', async () => {
    const path = temporaryFolder();
    mkdirSync(join(path, 'lost+found'));

    expect(await problemWith(path)).toBeUndefined();
  });

  test('is no file', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    const isFile = 'is a file, or lies below one. Remove that file, or choose a folder with --data-dir.';

    expect(await problemWith(path)).toBe(`the data directory ${path} ${isFile}`);
    expect(await problemWith(join(path, 'below'))).toBe(`the data directory ${path}/below ${isFile}`);
  });

  test('that this user cannot write is refused, whether it is there or not', async () => {
    const parent = temporaryFolder();
    mkdirSync(join(parent, 'there'), { mode: 0o555 });
    chmodSync(parent, 0o555);
    onTestFinished(() => chmodSync(parent, 0o755));
    becomeOrdinaryUser();
    const refusal = 'cannot be written by this user. Give it the right to, or choose another folder with --data-dir.';

    expect(await problemWith(join(parent, 'there'))).toBe(`the data directory ${parent}/there ${refusal}`);
    expect(await problemWith(join(parent, 'missing'))).toBe(`the data directory ${parent}/missing ${refusal}`);
  });
});

describe('the default', () => {
  test('is the directory of the package, if this user may write it', async () => {
    const packageDirectory = join(temporaryFolder(), 'leveret');
    expect(await defaultDataDirectory({}, packageDirectory)).toBe('leveret-data');

    mkdirSync(packageDirectory, { mode: 0o755 });
    expect(await defaultDataDirectory({}, packageDirectory)).toBe(packageDirectory);
    // Root may do everything but enter a file.
    expect(await defaultDataDirectory({}, join(packageDirectory, 'file'))).toBe('leveret-data');
    writeFileSync(join(packageDirectory, 'file'), '');
    expect(await defaultDataDirectory({}, join(packageDirectory, 'file'))).toBe('leveret-data');
  });

  test.each(['start', 'exec'])('is a folder here when npm %s has started the program', async (command) => {
    expect(await defaultDataDirectory({ npm_command: command }, temporaryFolder())).toBe('leveret-data');
  });
});
