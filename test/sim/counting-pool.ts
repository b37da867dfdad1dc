/** The outputs' memory, counted: at the end everything must have come back. */

import type { Region } from '../../src/base/bytes.ts';
import { ChunkPool } from '../../src/base/output.ts';

export class CountingPool extends ChunkPool {
  /** Chunks that are out. */
  takenCount = 0;

  override take(bytesMin: number): Region {
    this.takenCount++;
    return super.take(bytesMin);
  }

  override giveBack(chunk: Region): void {
    this.takenCount--;
    super.giveBack(chunk);
  }
}
