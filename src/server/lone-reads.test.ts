/** When a turn may end with its read. */

import { describe, expect, test } from 'vitest';
import { LoneReads } from './lone-reads.ts';

const MORE = true;

/** A turn with so many reads that ends as the first of them asks for. @returns true when it ended with its read. */
function turn(reads: LoneReads, count = 1, mayHaveMore = false): boolean {
  const isLone = reads.add(mayHaveMore);
  if (!isLone) for (let read = 1; read < count; read++) reads.add(false);
  reads.turnEnds(!isLone);
  return isLone;
}

function turns(reads: LoneReads, count: number): boolean[] {
  return Array.from({ length: count }, () => turn(reads));
}

/** After rounds enough with one read each. */
function calm(): LoneReads {
  const reads = new LoneReads();
  turns(reads, 16);
  return reads;
}

describe('lone reads', () => {
  test('are expected after sixteen rounds with one read each', () => {
    expect(turns(new LoneReads(), 17)).toEqual([...new Array(16).fill(false), true]);
  });

  test('are looked at again every sixteenth turn', () => {
    expect(turns(calm(), 32)).toEqual([...new Array(15).fill(true), false, ...new Array(15).fill(true), false]);
  });

  test('are not expected any more after a round with two reads', () => {
    const reads = calm();
    turns(reads, 15);
    expect(turn(reads, 2)).toBe(false);
    expect(turns(reads, 17)).toEqual([...new Array(16).fill(false), true]);
  });

  test('are none when more is likely to follow', () => {
    const reads = calm();
    expect(turn(reads, 1, MORE)).toBe(false);
    expect(turn(reads)).toBe(true);
  });

  test('are expected as before after a turn without any', () => {
    const reads = calm();
    reads.turnEnds(true);
    expect(turn(reads)).toBe(true);
  });
});
