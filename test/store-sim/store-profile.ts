/** What differs from seed to seed besides what happens: sizes, how much of each, and how bad the disk is. */

import type { Random } from '../../src/base/random.ts';
import type { DeliverAt } from '../../src/core/ports.ts';
import type { FaultProfile } from '../support/disk-faults.ts';
import type { LogSizes } from './store-node.ts';

export interface StoreProfile {
  readonly sizes: LogSizes;
  readonly deliverAt: DeliverAt;
  /** What goes wrong with the disk by itself. */
  readonly faults: FaultProfile;
  /** Bodies are shorter than this, nearly always. */
  readonly bodyBytesMax: number;
  /** Messages in a queue from which nobody publishes to it. */
  readonly backlogMax: number;
  /** One queue takes few messages, and gives away none. */
  readonly hasStuckQueue: boolean;
  /** One in so many messages is not persistent; one in so many channels is transactional; one in so many bodies is large. */
  readonly transientOdds: number;
  readonly transactionalOdds: number;
  readonly largeOdds: number;
  /** One in so many steps asks for a checkpoint. */
  readonly checkpointOdds: number;
  /** One in so many steps ends the broker. */
  readonly endOdds: number;
  /** One in so many steps commands the disk to fail, to stall or to be full; 0 for never. */
  readonly troubleOdds: number;
  /** One in so many steps takes a queue's messages to pages; 0 for never. */
  readonly pageOdds: number;
  /** How many pages are read before they are needed. */
  readonly pagesAhead: number;
  /** One in so many steps fills the disk for a long while; 0 for never. */
  readonly fullOdds: number;
  /** How often the disk does something, compared to all else. */
  readonly diskWeight: number;
}

export function drawProfile(random: Random, seed: number): StoreProfile {
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[random.below(items.length)] ?? items[0];
  return {
    sizes: {
      segmentBytes: pick([4096, 8192, 16_384, 65_536]),
      batchBytes: pick([512, 4096, 4_194_304]),
      checkpointRecords: pick([2, 10, 500]),
      pageFileBytes: pick([500, 5000, 50_000]),
      reserveBytes: pick([0, 4096, 16_384, 16_384]),
    },
    // Not by chance, so that seeds that once found something still do what they did.
    deliverAt: seed % 7 === 3 || seed % 7 === 4 ? 'commit' : 'append',
    faults: pick(FAULTS),
    bodyBytesMax: pick([20, 300, 1000, 3000]),
    backlogMax: pick([20, 100, 100, 1500]),
    hasStuckQueue: random.below(2) === 0,
    transientOdds: pick([3, 10]),
    transactionalOdds: pick([2, 5]),
    largeOdds: pick([200, 1000]),
    checkpointOdds: pick([20, 100, 300]),
    endOdds: pick([120, 400, 800]),
    troubleOdds: pick([0, 0, 50, 150]),
    pageOdds: pick([0, 0, 5, 20]),
    pagesAhead: random.below(4),
    fullOdds: pick([0, 0, 300, 100]),
    diskWeight: pick([3, 8, 15]),
  };
}

const FAULTS: readonly [FaultProfile, ...FaultProfile[]] = [
  {},
  {},
  { stall: 20 },
  { write: 40, stall: 50 },
  { sync: 30 },
  { write: 60, sync: 60, rename: 30, remove: 10, syncNames: 30, stall: 100 },
  { read: 5, readNow: 60, open: 40 },
];
