/**
 * Memory that was freed is overwritten at once, so that whoever still reads it is found out: message memory here, the
 * chunks of outputs in their pool.
 */

import { Arena } from '../../../src/base/arena.ts';
import type { Region } from '../../../src/base/bytes.ts';
import { ChunkPool } from '../../../src/base/output.ts';

const POISON = 0xdd;
/** A block's length, with this head, stands before it. */
const BLOCK_HEAD_BYTES = 8;
/** Of a chunk: what is seldom exceeded. */
const CHUNK_BYTES = 8 * 1024;

const free = Arena.prototype.free;

/** For all arenas of this process. */
export function poisonFreedMessages(): void {
  Arena.prototype.free = function (this: Arena, handle: number): void {
    const { bytes, view } = this.regionOf(handle);
    const start = this.offsetOf(handle);
    const end = start - BLOCK_HEAD_BYTES + view.getUint32(start - BLOCK_HEAD_BYTES, true);
    bytes.fill(POISON, start, end);
    free.call(this, handle);
  };
}

/** The outputs' memory, counted: at the end everything must have come back. */
export class PoisoningPool extends ChunkPool {
  /** Chunks that are out. */
  takenCount = 0;

  override take(bytesMin: number): Region {
    this.takenCount++;
    return super.take(bytesMin);
  }

  override giveBack(chunk: Region): void {
    this.takenCount--;
    chunk.bytes.fill(POISON, 0, CHUNK_BYTES);
    super.giveBack(chunk);
  }
}
