/**
 * Collects a message body that arrives in more than one piece. Memory grows with what has arrived, never with what was
 * announced.
 */

const FIRST_BLOCK_BYTES = 4 * 1024;
const BLOCK_BYTES_MAX = 256 * 1024;

export class BodyBuilder {
  readonly #bodyBytes: number;
  readonly #blocks: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #filled = 0;
  #received = 0;

  /** @param bodyBytes the size announced in the content header. */
  constructor(bodyBytes: number) {
    this.#bodyBytes = bodyBytes;
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
    this.#block = new Uint8Array(Math.min(left, Math.max(doubled, arrived)));
    this.#filled = 0;
  }
}
