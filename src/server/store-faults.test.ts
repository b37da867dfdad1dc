/** What the broker does when its disk does not do what it should. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StoreFaults } from './store-faults.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function world() {
  const said: string[] = [];
  const line = (level: string) => (text: string) => void said.push(`${level}: ${text}`);
  const faults = new StoreFaults({ info: line('info'), warning: line('warning'), error: line('error') }, (code) => {
    said.push(`exit ${code}`);
  });
  const space = { outOfSpace: () => void said.push('blocked'), hasSpace: () => void said.push('unblocked') };
  return { said, faults, space };
}

const FULL = { code: 'ENOSPC', message: 'cannot write segment-000001.log: no space left' };
const BROKEN = { code: 'EIO', message: 'cannot sync segment-000001.log: input/output error' };

test('without room publishers are blocked until there is some', () => {
  const { said, faults, space } = world();
  faults.watchSpace(space);
  faults.outOfSpace(true, FULL);
  faults.outOfSpace(false, undefined);

  expect(said).toEqual([
    `error: there is no room on the disk: ${FULL.message}. Publishers are blocked until there is`,
    'blocked',
    'info: there is room on the disk again',
    'unblocked',
  ]);
});

test('whoever begins to watch while there is no room is told so', () => {
  const { said, faults, space } = world();
  faults.outOfSpace(true, FULL);
  faults.watchSpace(space);

  expect(said.at(-1)).toBe('blocked');
});

test('a file that is not believed any more is named, and the broker goes on', () => {
  const { said, faults } = world();
  faults.distrusted(BROKEN);
  vi.runAllTimers();

  expect(said).toEqual([
    `error: ${BROKEN.message}. What was not known to be on the disk is written again, to another file`,
  ]);
});

test('when nothing can be kept, publishers are blocked and the broker ends with code 74 two seconds later', () => {
  const { said, faults, space } = world();
  faults.watchSpace(space);
  faults.lost(BROKEN);
  vi.advanceTimersByTime(1999);
  expect(said).toEqual([
    `error: ${BROKEN.message}. Nothing can be kept on this disk any more: the broker ends`,
    'blocked',
  ]);

  vi.advanceTimersByTime(1);
  expect(said.at(-1)).toBe('exit 74');
});
