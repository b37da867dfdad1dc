/** Bytes on their way from a client to the broker: written at one end, taken in pieces of any size at the other. */

import { type Region, regionOf } from '../../../src/base/bytes.ts';

const FIRST_BYTES = 16 * 1024;
const FRAME_HEAD_BYTES = 7;
const FRAME_END = 0xce;

export class BytePipe {
  #region: Region = regionOf(new Uint8Array(FIRST_BYTES));
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  write(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#region.bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Writes a frame around a payload that the caller fills in. @returns where in `payloads` it begins. */
  beginFrame(type: number, channel: number, payloadBytes: number): number {
    this.#makeRoom(FRAME_HEAD_BYTES + payloadBytes + 1);
    const { view } = this.#region;
    const start = this.#end + FRAME_HEAD_BYTES;
    view.setUint8(this.#end, type);
    view.setUint16(this.#end + 1, channel);
    view.setUint32(this.#end + 3, payloadBytes);
    view.setUint8(start + payloadBytes, FRAME_END);
    this.#end = start + payloadBytes + 1;
    return start;
  }

  /** The memory that `beginFrame` speaks of, until the next write. */
  get payloads(): Region {
    return this.#region;
  }

  /** Moves up to `count` bytes to the beginning of `into`. @returns how many. */
  take(into: Uint8Array, count: number): number {
    const moved = Math.min(count, this.length, into.length);
    into.set(this.#region.bytes.subarray(this.#start, this.#start + moved));
    this.#start += moved;
    if (this.#start === this.#end) this.clear();
    return moved;
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#region.bytes.length) return;
    const { length } = this;
    const isRoomy = length + bytes <= this.#region.bytes.length / 2;
    const target = isRoomy ? this.#region : regionOf(new Uint8Array(2 * (length + bytes)));
    target.bytes.set(this.#region.bytes.subarray(this.#start, this.#end));
    this.#region = target;
    this.#start = 0;
    this.#end = length;
  }
}
