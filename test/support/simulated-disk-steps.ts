/** The simulated disk in tests of one thing at a time: every call is done before the next one. */

import { expect } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { bytesOf, textOf } from '../../src/storage/disk/disk.test-suite.ts';
import type { DiskFault, DiskFile, Done } from '../../src/storage/disk/disk.ts';
import type { FaultProfile } from './disk-faults.ts';
import { SimulatedDisk } from './simulated-disk.ts';

export const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

export function simulatedDisk(seed = 1, faults: FaultProfile = {}): SimulatedDisk {
  return new SimulatedDisk({ random: new SeededRandom(seed), faults });
}

/** Asks for something, lets it be done, and answers with the fault. */
export function settled(disk: SimulatedDisk, ask: (done: Done) => void): DiskFault | undefined {
  let result: DiskFault | undefined | 'pending' = 'pending';
  ask((fault) => {
    result = fault;
  });
  disk.runAll();
  if (result === 'pending') throw new Error('the disk did not call back');
  return result;
}

export function write(disk: SimulatedDisk, file: DiskFile, text: string, position = 0): void {
  expect(settled(disk, (done) => file.write(bytesOf(text), position, done))).toBeUndefined();
}

/** A disk with a durable file. */
export function diskWith(seed: number, name: string, text: string): { disk: SimulatedDisk; file: DiskFile } {
  const disk = simulatedDisk(seed);
  const file = disk.open(name);
  write(disk, file, text);
  settled(disk, (done) => file.sync(done));
  settled(disk, (done) => disk.syncNames(done));
  return { disk, file };
}

/** The content of a file, or undefined without one. */
export function contentOf(disk: SimulatedDisk, name: string): string | undefined {
  return disk.list().includes(name) ? textOf(disk.open(name)) : undefined;
}

/** How often each result comes up over all seeds. */
export function outcomes(result: (seed: number) => string | undefined): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const seed of SEEDS) {
    const outcome = result(seed);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}
