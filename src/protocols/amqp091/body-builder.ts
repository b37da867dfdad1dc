/**
 * Collects a message body that arrives in more than one piece. Memory grows with what has arrived, never with what was
 * announced, and is counted among the incomplete bodies of the broker.
 */

import type { IncompleteBodies, IncompleteBody } from '../../core/incomplete-bodies.ts';
import { LARGE_BODY_BYTES } from '../../core/messages.ts';

const FIRST_BLOCK_BYTES = 4 * 1024;
const BLOCK_BYTES_MAX = 256 * 1024;

export class BodyBuilder implements IncompleteBody {
  heldBytes = 0;
  readonly #bodyBytes: number;
  readonly #incomplete: IncompleteBodies;
  readonly #onRefused: () => void;
  readonly #blocks: Uint8Array[] = [];
  #block: Uint8Array = new Uint8Array(0);
  /** The block, when it is lent. */
  #lent: Uint8Array | undefined;
  #filled = 0;
  #received = 0;

  /**
   * @param bodyBytes the size announced in the content header
   * @param incomplete where it counts until its `end`
   * @param onRefused the message will not be taken; calls `end`
   */
  constructor(bodyBytes: number, incomplete: IncompleteBodies, onRefused: () => void) {
    this.#bodyBytes = bodyBytes;
    this.#incomplete = incomplete;
    this.#onRefused = onRefused;
    incomplete.add(this);
  }

  get receivedBytes(): number {
    return this.#received;
  }

  get isComplete(): boolean {
    return this.#received === this.#bodyBytes;
  }

  /** Copies `bytes[start, end)`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    for (let position = start; position < end; ) {
      if (this.#filled === this.#block.length) this.#addBlock(end - position);
      const count = Math.min(end - position, this.#block.length - this.#filled);
      this.#block.set(bytes.subarray(position, position + count), this.#filled);
      this.#filled += count;
      this.#received += count;
      position += count;
    }
  }

  /** The body is complete and was used, or given up: nothing of it is valid any more, if it was a small one. */
  end(): void {
    this.#incomplete.remove(this);
    if (this.#lent !== undefined) this.#incomplete.giveBackBlock(this.#lent);
    this.#lent = undefined;
  }

  refuse(): void {
    this.#onRefused();
  }

  /** The body in pieces, in order; nothing may be appended afterwards. */
  pieces(): Uint8Array[] {
    const last = this.#block.subarray(0, this.#filled);
    return this.#filled === 0 ? this.#blocks : [...this.#blocks, last];
  }

  /** The body in one piece. */
  join(): Uint8Array {
    const pieces = this.pieces();
    if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
    const whole = new Uint8Array(this.#received);
    let position = 0;
    for (const piece of pieces) {
      whole.set(piece, position);
      position += piece.length;
    }
    return whole;
  }

  #addBlock(arrived: number): void {
    if (this.#block.length > 0) this.#blocks.push(this.#block);
    const doubled = Math.min(BLOCK_BYTES_MAX, Math.max(FIRST_BLOCK_BYTES, 2 * this.#block.length));
    const left = this.#bodyBytes - this.#received;
    this.#block = this.#lentBlock() ?? new Uint8Array(Math.min(left, Math.max(doubled, arrived)));
    this.#filled = 0;
    this.heldBytes += this.#block.length;
    this.#incomplete.heldBytes += this.#block.length;
  }

  /** The first block of a small body, which then needs no other. */
  #lentBlock(): Uint8Array | undefined {
    if (this.#received > 0 || this.#bodyBytes > LARGE_BODY_BYTES) return undefined;
    const block = this.#incomplete.takeBlock();
    this.#lent = block;
    return block?.subarray(0, this.#bodyBytes);
  }
}
