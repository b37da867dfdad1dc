/**
 * The content of one simulated file, whatever its name: as programs see it, as the disk has it for certain, and the
 * changes between the two, each of which a power cut keeps, loses or tears.
 */

import type { Random } from '../../src/base/random.ts';
import type { ChangeFate, DiskFates } from './disk-fates.ts';
import { SparseBytes } from './sparse-bytes.ts';

const SECTOR_BYTES = 512;

/** What a power cut does to all that is unsynced; mixed leaves it to chance for each change. */
export type Fate = 'kept' | 'lost' | 'mixed';

type Change =
  | { readonly kind: 'write'; readonly bytes: Uint8Array; readonly position: number }
  | { readonly kind: 'resize'; readonly length: number };

export class SimulatedContent {
  /** What programs read: with all changes. */
  readonly current: SparseBytes;
  #durable: SparseBytes;
  #unsynced: Change[] = [];

  constructor(bytes = new SparseBytes()) {
    this.#durable = bytes;
    this.current = bytes.copy();
  }

  write(bytes: Uint8Array, position: number): void {
    this.current.write(bytes, position);
    if (bytes.length > 0) this.#unsynced.push({ kind: 'write', bytes: bytes.slice(), position });
  }

  resize(length: number): void {
    this.current.resize(length);
    this.#unsynced.push({ kind: 'resize', length });
  }

  sync(): void {
    for (const change of this.#unsynced) keep(this.#durable, change);
    this.#unsynced = [];
  }

  /**
   * As Linux does: some of the changes have reached the disk, and all count as written from now on, so that the next sync
   * says nothing of those that have not. Programs may read them for as long as they stay in memory.
   */
  failSync(random: Random, fates: DiskFates): void {
    fates.failedSyncs++;
    for (const change of this.#unsynced) {
      if (survive(this.#durable, change, random) !== 'kept') fates.forgotten++;
    }
    this.#unsynced = [];
    const isForgotten = random.below(2) === 0;
    if (isForgotten) this.#showDurable();
  }

  /** What the disk has after a power cut. */
  afterCrash(fate: Fate, random: Random, fates: DiskFates): SimulatedContent {
    const bytes = this.#durable.copy();
    fates.crashed(
      this.#unsynced.map((change) => {
        if (fate === 'mixed') return survive(bytes, change, random);
        return fate === 'kept' ? keep(bytes, change) : 'lost';
      }),
    );
    return new SimulatedContent(bytes);
  }

  /** Damages the medium: the byte is wrong from now on, until it is written again. */
  flip(position: number, bit: number): void {
    this.current.flip(position, bit);
    if (position < this.#durable.length) this.#durable.flip(position, bit);
    for (const change of this.#unsynced) {
      if (change.kind === 'write') flipIn(change.bytes, position - change.position, bit);
    }
  }

  #showDurable(): void {
    const bytes = new Uint8Array(this.#durable.length);
    this.#durable.read(bytes, 0);
    this.current.resize(0);
    this.current.write(bytes, 0);
  }
}

function flipIn(bytes: Uint8Array, offset: number, bit: number): void {
  if (offset >= 0 && offset < bytes.length) bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
}

function keep(bytes: SparseBytes, change: Change): ChangeFate {
  if (change.kind === 'resize') bytes.resize(change.length);
  else bytes.write(change.bytes, change.position);
  return 'kept';
}

/** One change is kept, lost or torn, whatever happens to those before and after it. */
function survive(bytes: SparseBytes, change: Change, random: Random): ChangeFate {
  if (change.kind === 'resize') return random.below(2) === 0 ? keep(bytes, change) : 'lost';
  switch (random.below(5)) {
    case 0:
      return keep(bytes, change);
    case 1:
      return 'lost';
    case 2:
      // The new size has reached the disk, its blocks have not.
      bytes.resize(Math.max(bytes.length, change.position + change.bytes.length));
      return 'lost';
    case 3:
      tear(bytes, change, random);
      return 'torn';
    default:
      keepSectors(bytes, change, random);
      return 'torn';
  }
}

interface Write {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/** Split at any byte; one half is kept. */
function tear(into: SparseBytes, { bytes, position }: Write, random: Random): void {
  const split = random.below(bytes.length + 1);
  if (random.below(3) > 0) into.write(bytes.subarray(0, split), position);
  else into.write(bytes.subarray(split), position + split);
}

/** A disk writes a sector whole or not at all, in any order. */
function keepSectors(into: SparseBytes, { bytes, position }: Write, random: Random): void {
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + SECTOR_BYTES - ((position + start) % SECTOR_BYTES));
    if (random.below(2) === 0) into.write(bytes.subarray(start, end), position + start);
    start = end;
  }
}
