/**
 * Reads a file from its start to its end in large steps, for whoever looks at it a few bytes at a time.
 */

import type { DiskFile } from './disk.ts';

const WINDOW_BYTES = 4 * 1024 * 1024;

export class FileWindow {
  /** The bytes at hand: those of the file from `start` on. */
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  readonly file: DiskFile;
  readonly #buffers: { bytes: Uint8Array };

  /** @param buffers kept by the caller, so that one buffer serves all files */
  constructor(file: DiskFile, buffers: { bytes: Uint8Array } = { bytes: new Uint8Array(0) }) {
    this.file = file;
    this.#buffers = buffers;
  }

  /**
   * Has bytes at hand.
   * @returns where in `view` the file's byte `at` stands; -1 when the file ends before `bytes` from there
   * @throws Error when the file cannot be read
   */
  have(at: number, bytes: number): number {
    if (at >= this.start && at + bytes <= this.start + this.view.byteLength) return at - this.start;
    if (at + bytes > this.file.size) return -1;
    const wanted = Math.min(Math.max(bytes, WINDOW_BYTES), this.file.size - at);
    if (this.#buffers.bytes.length < wanted) this.#buffers.bytes = new Uint8Array(wanted);
    const read = this.file.readNow(this.#buffers.bytes.subarray(0, wanted), at);
    this.view = new DataView(this.#buffers.bytes.buffer, this.#buffers.bytes.byteOffset, read);
    this.start = at;
    return read < bytes ? -1 : 0;
  }
}
