/** Names are safe when they are said to be, also when a sync of others' names fails meanwhile. */

import { describe, expect, test } from 'vitest';
import { simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';
import type { DiskFault } from './disk.ts';
import { SafeNames } from './safe-names.ts';

function world() {
  const disk = simulatedDisk();
  const names = new SafeNames(disk);
  const said: string[] = [];
  const say = (what: string) => (fault: DiskFault | undefined) => void said.push(`${what}: ${fault?.code ?? 'safe'}`);
  return { disk, names, said, say };
}

describe('a change of names', () => {
  test('is safe when it is reported', () => {
    const { disk, names, said, say } = world();
    disk.open('a');
    names.sync(say('a'));
    disk.runAll();
    names.rename('a', 'b', say('b'));
    disk.runAll();

    expect([said, disk.certain().list()]).toEqual([['a: safe', 'b: safe'], ['b']]);
  });

  test('says so when it cannot be made', () => {
    const { disk, names, said, say } = world();
    names.rename('a', 'b', say('b'));
    disk.runAll();

    expect(said).toEqual(['b: ENOENT']);
  });

  test('is not safe when a sync that somebody else asked for has failed meanwhile', () => {
    const { disk, names, said, say } = world();
    disk.open('a');
    disk.open('b');
    disk.faults.failNext('syncNames');
    names.sync(say('first'));
    names.sync(say('second'));
    disk.runAll();
    expect(said).toEqual(['first: EIO', 'second: EIO']);

    disk.open('c');
    names.sync(say('third'));
    disk.runAll();
    expect(said.at(-1)).toBe('third: safe');
    expect(disk.certain().list()).toContain('c');
  });
});
