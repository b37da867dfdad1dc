/**
 * What every disk must do while nothing goes wrong. What survives a power cut can only be tested on the simulated one.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Disk, DiskFault, DiskFile, Done } from './disk.ts';

export interface DiskUnderTest {
  readonly disk: Disk;
  /** Lets callbacks come, where they do not come by themselves. */
  drive(): void;
  close(): Promise<void>;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Everything that a file holds, as text. */
export function textOf(file: DiskFile): string {
  const bytes = new Uint8Array(file.size);
  return new TextDecoder('latin1').decode(bytes.subarray(0, file.readNow(bytes, 0)));
}

/** @param name of the disk, for the titles */
export function describeDisk(name: string, start: () => DiskUnderTest): void {
  describe(`every disk, here ${name}`, () => {
    let underTest: DiskUnderTest;
    let disk: Disk;
    beforeEach(() => {
      underTest = start();
      ({ disk } = underTest);
    });
    afterEach(() => underTest.close());

    /** Asks for something and waits until it is done; answers with the fault. */
    const settled = (ask: (done: Done) => void) =>
      new Promise<DiskFault | undefined>((resolve) => {
        ask(resolve);
        underTest.drive();
      });
    const read = (file: DiskFile, length: number, position: number) =>
      new Promise<string>((resolve, reject) => {
        const into = new Uint8Array(length);
        file.read(into, position, (fault, bytes) => {
          if (fault === undefined) resolve(new TextDecoder().decode(into.subarray(0, bytes)));
          else reject(new Error(fault.message));
        });
        underTest.drive();
      });
    const fileWith = async (fileName: string, text: string) => {
      const file = disk.open(fileName);
      expect(await settled((done) => file.write(bytesOf(text), 0, done))).toBeUndefined();
      return file;
    };

    test('a new file is empty, and in the list', () => {
      const file = disk.open('a');

      expect([file.name, file.size, textOf(file)]).toEqual(['a', 0, '']);
      expect(disk.list()).toEqual(['a']);
    });

    test('what is written is read back, at once and later, and is counted in the size', async () => {
      const file = await fileWith('a', 'hello world');

      expect(textOf(file)).toBe('hello world');
      expect(await read(file, 5, 6)).toBe('world');
      expect(file.size).toBe(11);
    });

    test('a read at the end gets less than it asked for', async () => {
      const file = await fileWith('a', 'hello');

      expect(await read(file, 100, 3)).toBe('lo');
      expect(await read(file, 100, 5)).toBe('');
      expect(await read(file, 0, 0)).toBe('');
      expect(file.readNow(new Uint8Array(4), 3)).toBe(2);
      expect(file.readNow(new Uint8Array(4), 50)).toBe(0);
    });

    test('a write in the middle changes that part only', async () => {
      const file = await fileWith('a', 'hello world');
      await settled((done) => file.write(bytesOf('HE'), 0, done));
      await settled((done) => file.write(bytesOf(''), 5, done));

      expect(textOf(file)).toBe('HEllo world');
    });

    test('a write beyond the end leaves zeros before it', async () => {
      const file = disk.open('a');
      await settled((done) => file.write(bytesOf('x'), 5000, done));

      expect(textOf(file)).toBe(`${'\0'.repeat(5000)}x`);
    });

    test('a large write is written whole', async () => {
      const file = disk.open('a');
      const bytes = Uint8Array.from({ length: 3_000_001 }, (_, index) => index % 251);
      await settled((done) => file.write(bytes, 3, done));
      const back = new Uint8Array(bytes.length);

      expect(file.readNow(back, 3)).toBe(bytes.length);
      expect(Buffer.compare(back, bytes)).toBe(0);
    });

    test('a file is cut, and made longer with zeros', async () => {
      const file = await fileWith('a', 'hello world');
      expect(await settled((done) => file.resize(5, done))).toBeUndefined();
      expect(textOf(file)).toBe('hello');

      expect(await settled((done) => file.resize(8, done))).toBeUndefined();
      expect(textOf(file)).toBe('hello\0\0\0');
    });

    test('a file that is opened again has its content, also through two handles at once', async () => {
      const first = await fileWith('a', 'hello');
      const second = disk.open('a');
      await settled((done) => second.write(bytesOf('J'), 0, done));
      expect(textOf(first)).toBe('Jello');

      first.close();
      second.close();
      expect(textOf(disk.open('a'))).toBe('Jello');
    });

    test('changes of a file are made and reported in the order of the calls', async () => {
      const file = disk.open('a');
      const order: string[] = [];
      await settled((done) => {
        file.write(bytesOf('aaaa'), 0, () => order.push('write'));
        file.write(bytesOf('bb'), 1, () => order.push('overwrite'));
        file.resize(3, () => order.push('cut'));
        file.sync(() => order.push('sync'));
        file.write(bytesOf('c'), 3, done);
      });

      expect(order).toEqual(['write', 'overwrite', 'cut', 'sync']);
      expect(textOf(file)).toBe('abbc');
    });

    test('nothing calls back during the call', async () => {
      const file = await fileWith('a', 'hello');
      let isCalling = true;
      const later = (ask: (done: Done) => void) =>
        settled((done) => {
          isCalling = true;
          ask((fault) => {
            expect(isCalling).toBe(false);
            done(fault);
          });
          isCalling = false;
        });

      await later((done) => file.write(bytesOf(''), 0, done));
      await later((done) => file.write(bytesOf('x'), 0, done));
      await later((done) => file.read(new Uint8Array(0), 0, done));
      await later((done) => file.read(new Uint8Array(1), 0, done));
      await later((done) => file.sync(done));
      await later((done) => file.resize(0, done));
      await later((done) => disk.syncNames(done));
      await later((done) => disk.rename('a', 'b', done));
      await later((done) => disk.rename('missing', 'b', done));
      await later((done) => disk.remove('b', done));
      await later((done) => disk.remove('missing', done));
    });

    test('a removed file is gone from the list; its handle still reads and writes', async () => {
      const file = await fileWith('a', 'hello');
      expect(await settled((done) => disk.remove('a', done))).toBeUndefined();
      await settled((done) => file.write(bytesOf('J'), 0, done));

      expect(disk.list()).toEqual([]);
      expect(textOf(file)).toBe('Jello');
      expect(textOf(disk.open('a'))).toBe('');
    });

    test('removing a file that is not there is no fault', async () => {
      expect(await settled((done) => disk.remove('a', done))).toBeUndefined();
    });

    test('a renamed file takes the place of another', async () => {
      await fileWith('old', 'old');
      const file = await fileWith('new', 'new');
      expect(await settled((done) => disk.rename('new', 'old', done))).toBeUndefined();

      expect(disk.list()).toEqual(['old']);
      expect(textOf(disk.open('old'))).toBe('new');
      await settled((done) => file.write(bytesOf('N'), 0, done));
      expect(textOf(disk.open('old'))).toBe('New');
    });

    test('renaming a file that is not there is a fault that names it', async () => {
      const fault = await settled((done) => disk.rename('missing', 'b', done));

      expect(fault).toEqual({ code: 'ENOENT', message: expect.stringMatching(/^cannot rename .*missing to b: /) });
    });

    test('names are changed in the order of the calls', async () => {
      await fileWith('a', 'hello');
      await settled((done) => {
        disk.rename('a', 'b', () => {});
        disk.rename('b', 'c', () => {});
        disk.remove('a', () => {});
        disk.syncNames(done);
      });

      expect(disk.list()).toEqual(['c']);
    });

    test('syncing is no fault, also of an empty file', async () => {
      const file = disk.open('a');

      expect(await settled((done) => file.sync(done))).toBeUndefined();
      expect(await settled((done) => disk.syncNames(done))).toBeUndefined();
    });

    test('a file that is closed at once still writes what it was asked to', async () => {
      const file = disk.open('a');
      await settled((done) => {
        file.write(bytesOf('hello'), 0, () => {});
        file.sync(done);
        file.close();
      });

      expect(textOf(disk.open('a'))).toBe('hello');
    });
  });
}
