/**
 * What a simulated file holds: blocks that were written, and holes between them that read as zeros and take no room. Copies
 * share their blocks until one of them writes.
 */

export const BLOCK_BYTES = 4096;

/** Who may write to a block: another one since a copy was made. */
type Writer = object;

interface Block {
  readonly bytes: Uint8Array;
  readonly writer: Writer;
}

export class SparseBytes {
  #blocks = new Map<number, Block>();
  #writer: Writer = {};
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The room on the disk that the blocks take. */
  get allocatedBytes(): number {
    return this.#blocks.size * BLOCK_BYTES;
  }

  /** @returns the bytes read, fewer than asked for only at the end */
  read(into: Uint8Array, position: number): number {
    const bytes = Math.max(0, Math.min(into.length, this.#length - position));
    forEachPart(position, bytes, (part) => {
      const target = into.subarray(part.start, part.start + part.length);
      const block = this.#blocks.get(part.block);
      if (block === undefined) target.fill(0);
      else target.set(block.bytes.subarray(part.offset, part.offset + part.length));
    });
    return bytes;
  }

  write(bytes: Uint8Array, position: number): void {
    forEachPart(position, bytes.length, (part) => {
      this.#block(part.block).set(bytes.subarray(part.start, part.start + part.length), part.offset);
    });
    if (bytes.length > 0) this.#length = Math.max(this.#length, position + bytes.length);
  }

  /** How many of these bytes can be written before more than `roomBytes` of new blocks are needed. */
  fitting(bytes: number, position: number, roomBytes: number): number {
    let room = Math.floor(roomBytes / BLOCK_BYTES);
    let fitting = 0;
    forEachPart(position, bytes, (part) => {
      if (!this.#blocks.has(part.block)) room--;
      if (room >= 0) fitting += part.length;
    });
    return fitting;
  }

  /** Cuts, or makes longer by a hole. */
  resize(length: number): void {
    for (const index of [...this.#blocks.keys()]) {
      if (index * BLOCK_BYTES >= length) this.#blocks.delete(index);
    }
    // What was cut off must not come back when the file grows again.
    const last = Math.floor(length / BLOCK_BYTES);
    if (this.#blocks.has(last)) this.#block(last).fill(0, length % BLOCK_BYTES);
    this.#length = length;
  }

  flip(position: number, bit: number): void {
    const block = this.#block(Math.floor(position / BLOCK_BYTES));
    const offset = position % BLOCK_BYTES;
    block[offset] = (block[offset] ?? 0) ^ (1 << bit);
  }

  copy(): SparseBytes {
    const copy = new SparseBytes();
    copy.#length = this.#length;
    copy.#blocks = new Map(this.#blocks);
    this.#writer = {};
    return copy;
  }

  /** To be written to. */
  #block(index: number): Uint8Array {
    const present = this.#blocks.get(index);
    if (present?.writer === this.#writer) return present.bytes;
    const bytes = present?.bytes.slice() ?? new Uint8Array(BLOCK_BYTES);
    this.#blocks.set(index, { bytes, writer: this.#writer });
    return bytes;
  }
}

/** A run of bytes inside one block. */
interface Part {
  readonly block: number;
  readonly offset: number;
  /** Where it stands in the whole run. */
  readonly start: number;
  readonly length: number;
}

function forEachPart(position: number, bytes: number, take: (part: Part) => void): void {
  for (let start = 0; start < bytes; ) {
    const offset = (position + start) % BLOCK_BYTES;
    const length = Math.min(bytes - start, BLOCK_BYTES - offset);
    take({ block: (position + start - offset) / BLOCK_BYTES, offset, start, length });
    start += length;
  }
}
