/** A file read in large steps: the bytes that are asked for are at hand, and the end is the end. */

import { expect, test } from 'vitest';
import { settled, simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';
import { FileWindow } from './file-window.ts';

const MB = 1024 * 1024;

function windowOn(bytes: Uint8Array): FileWindow {
  const disk = simulatedDisk();
  const file = disk.open('a');
  settled(disk, (done) => file.write(bytes, 0, done));
  return new FileWindow(file);
}

/** The byte at a place, and whether so many follow it. */
function at(window: FileWindow, place: number, bytes: number): number {
  const where = window.have(place, bytes);
  return where < 0 ? -1 : window.view.getUint8(where);
}

test('has bytes at hand wherever they are', () => {
  const bytes = Uint8Array.from({ length: 9 * MB }, (_, index) => (index >>> 10) & 0xff);
  const window = windowOn(bytes);
  for (const place of [0, 5, 4 * MB - 2, 4 * MB, 100, 8 * MB + 7]) expect(at(window, place, 64)).toBe(bytes[place]);
  expect(at(window, 3, 6 * MB)).toBe(bytes[3]);
});

test('has nothing beyond the end', () => {
  const window = windowOn(Uint8Array.of(1, 2, 3));
  expect([at(window, 0, 3), at(window, 2, 1), at(window, 0, 4), at(window, 3, 1)]).toEqual([1, 3, -1, -1]);
});

test('serves several files from one buffer, one after the other', () => {
  const buffers = { bytes: new Uint8Array(0) };
  const disk = simulatedDisk();
  const read = ['a', 'bb'].map((text) => {
    const file = disk.open(text);
    settled(disk, (done) => file.write(Buffer.from(text), 0, done));
    const window = new FileWindow(file, buffers);
    return [window.have(0, text.length), window.view.byteLength];
  });
  expect(read).toEqual([
    [0, 1],
    [0, 2],
  ]);
});
