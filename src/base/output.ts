/**
 * What one connection has to send: bytes written into pooled chunks, large bodies by reference.
 *
 * Protocols write, the server takes everything once a turn and gives it back when the socket is done with it. An idle
 * output holds no memory.
 *
 * hot path: flat memory
 */

import { assert } from './assert.ts';
import { EMPTY_REGION, type Region, regionOf } from './bytes.ts';

/** The sizes of chunks, and how many of each are kept for reuse: 26 MB at the most, until the broker is quiet. */
const CHUNK_SIZES = [
  { bytes: 8 * 1024, kept: 256 },
  { bytes: 64 * 1024, kept: 128 },
  { bytes: 256 * 1024, kept: 64 },
];
const CHUNK_BYTES_MAX = 256 * 1024;

/** Chunks of a few sizes, shared by all connections of a server. */
export class ChunkPool {
  /** Bytes of the chunks that are out. */
  takenBytes = 0;
  readonly #kept = CHUNK_SIZES.map(({ bytes, kept }) => ({ bytes, limit: kept, chunks: [] as Region[] }));

  /** A chunk of at least `bytesMin` bytes; one above the largest size is made to measure and not kept. */
  take(bytesMin: number): Region {
    const chunk = this.#find(bytesMin);
    this.takenBytes += chunk.bytes.length;
    return chunk;
  }

  giveBack(chunk: Region): void {
    this.takenBytes -= chunk.bytes.length;
    for (const { bytes, limit, chunks } of this.#kept) {
      if (chunk.bytes.length === bytes && chunks.length < limit) chunks.push(chunk);
    }
  }

  /** Forgets what is kept; called when the server has been quiet. */
  shrink(): void {
    for (const { chunks } of this.#kept) chunks.length = 0;
  }

  #find(bytesMin: number): Region {
    for (const { bytes, chunks } of this.#kept) {
      if (bytesMin <= bytes) return chunks.pop() ?? regionOf(new Uint8Array(bytes));
    }
    return regionOf(new Uint8Array(bytesMin));
  }
}

/** Lets go of something that was sent by reference. */
export interface ReferenceOwner {
  unpin(reference: number): void;
}

/** One write: its parts in order, with what must be given back when the socket is done with them. */
export interface OutputBatch {
  readonly parts: Uint8Array[];
  readonly bytes: number;
  readonly chunks: Region[];
  readonly references: number[];
}

export class Output {
  /** The chunk being written, valid after `reserve` until the next call of it. */
  chunk: Region = EMPTY_REGION;
  /** Where the next byte goes in `chunk`. Writers advance it themselves. */
  position = 0;

  readonly #pool: ChunkPool;
  readonly #owner: ReferenceOwner;
  #parts: Uint8Array[] = [];
  #chunks: Region[] = [];
  #references: number[] = [];
  #partStart = 0;
  #partBytes = 0;
  #inFlightBytes = 0;
  #lastBatchBytes = 0;

  constructor(pool: ChunkPool, owner: ReferenceOwner) {
    this.#pool = pool;
    this.#owner = owner;
  }

  /** Bytes not yet accepted by the socket: written here and not taken, or taken and not done. */
  get pendingBytes(): number {
    return this.#partBytes + (this.position - this.#partStart) + this.#inFlightBytes;
  }

  /** True when there is something to take. */
  get hasBytes(): boolean {
    return this.#partBytes > 0 || this.position > this.#partStart;
  }

  /** Makes room for `bytes` contiguous bytes at `position` of `chunk`. */
  reserve(bytes: number): void {
    if (this.position + bytes > this.chunk.bytes.length) this.#nextChunk(bytes);
  }

  /** Appends bytes that stay where they are until written; `reference` is unpinned then. */
  appendReference(bytes: Uint8Array, reference: number): void {
    this.#closePart();
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
    this.#references.push(reference);
  }

  /** Takes everything written so far, as one batch for one write. */
  take(): OutputBatch {
    this.#closePart();
    const batch: OutputBatch = {
      parts: this.#parts,
      bytes: this.#partBytes,
      chunks: this.#chunks,
      references: this.#references,
    };
    if (this.chunk !== EMPTY_REGION) this.#chunks.push(this.chunk);
    this.#inFlightBytes += this.#partBytes;
    this.#lastBatchBytes = this.#partBytes;
    this.#startAfresh();
    return batch;
  }

  /** The socket is done with a batch (written or given up): its chunks and references are free again. */
  done(batch: OutputBatch): void {
    this.#inFlightBytes -= batch.bytes;
    assert(this.#inFlightBytes >= 0, 'a batch was given back twice');
    for (const chunk of batch.chunks) this.#pool.giveBack(chunk);
    for (const reference of batch.references) this.#owner.unpin(reference);
  }

  /** Drops what was not taken; for a connection that is gone. */
  discard(): void {
    const batch = this.take();
    this.done(batch);
  }

  #nextChunk(bytes: number): void {
    this.#closePart();
    if (this.chunk !== EMPTY_REGION) this.#chunks.push(this.chunk);
    this.chunk = this.#pool.take(Math.max(bytes, this.#expectedBytes()));
    this.position = 0;
    this.#partStart = 0;
  }

  /** As much as was written in the last batch, and more with every chunk of this one. */
  #expectedBytes(): number {
    const grown = this.#chunks.length === 0 ? 0 : this.chunk.bytes.length + 1;
    return Math.min(CHUNK_BYTES_MAX, Math.max(grown, this.#lastBatchBytes));
  }

  #closePart(): void {
    if (this.position === this.#partStart) return;
    this.#parts.push(this.chunk.bytes.subarray(this.#partStart, this.position));
    this.#partBytes += this.position - this.#partStart;
    this.#partStart = this.position;
  }

  #startAfresh(): void {
    this.#parts = [];
    this.#chunks = [];
    this.#references = [];
    this.#partBytes = 0;
    this.#partStart = 0;
    this.position = 0;
    this.chunk = EMPTY_REGION;
  }
}
