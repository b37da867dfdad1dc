/**
 * Flat memory for messages that were delivered, in pieces of 256: for the unacknowledged ones of a channel, and for those
 * that came back to a queue. Both take it from one pool, because the former become the latter: when millions come back,
 * nothing is allocated.
 */

import { SlabPool } from '../../base/slab-pool.ts';

/** Entries in a piece. */
export const PIECE_ENTRIES = 256;
const PIECES_PER_SLAB = 256;
/** In the place of a slot: nobody holds the message. */
export const NO_SLOT = -1;

/** A column for each field. */
interface DeliveredColumns {
  readonly handles: Uint32Array;
  readonly sequences: Float64Array;
  /** Whoever takes a piece finds `NO_SLOT` in all of it, and leaves it so. */
  readonly slots: Int32Array;
}

export const deliveredPool = new SlabPool<DeliveredColumns>(PIECE_ENTRIES, PIECES_PER_SLAB, (entries) => ({
  handles: new Uint32Array(entries),
  sequences: new Float64Array(entries),
  slots: new Int32Array(entries).fill(NO_SLOT),
}));
