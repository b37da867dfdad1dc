/**
 * Reads the server's frames from a stream that is cut anywhere, independently of the broker's own frame reader: an octet
 * that is not where it belongs fails the run.
 */

import { ByteReader } from '../../../src/base/byte-reader.ts';
import { type Region, regionOf } from '../../../src/base/bytes.ts';
import { decodeMethod, type Method } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const HEARTBEAT = 8;
const END = 0xce;
const HEAD_BYTES = 7;
/** Of a content header before the properties: class, weight, body size. */
const CONTENT_HEAD_BYTES = 12;

export interface WireHandler {
  method(channel: number, method: Method): void;
  /** A content header: `bytes[start, end)` are the properties. */
  header(channel: number, bodyBytes: number, bytes: Uint8Array, start: number, end: number): void;
  /** A piece of a body, in order. */
  body(channel: number, bytes: Uint8Array, start: number, end: number): void;
}

const decoder = new ByteReader();

export class WireReader {
  readonly #handler: WireHandler;
  #kept: Region = regionOf(new Uint8Array(512));
  #keptBytes = 0;
  /** Of the body frame being read: what is still to come, without the end octet. */
  #bodyLeft = 0;
  #isInBody = false;
  #bodyChannel = 0;

  constructor(handler: WireHandler) {
    this.#handler = handler;
  }

  /** True when the last frame was whole. */
  get isBetweenFrames(): boolean {
    return this.#keptBytes === 0 && !this.#isInBody;
  }

  read(bytes: Uint8Array, start: number, end: number): void {
    let position = start;
    while (position < end) {
      if (this.#isInBody) position = this.#body(bytes, position, end);
      else position = this.#keptBytes > 0 ? this.#complete(bytes, position, end) : this.#direct(bytes, position, end);
    }
  }

  /** Reads frames where they lie; keeps the last one when it is not whole. */
  #direct(bytes: Uint8Array, start: number, end: number): number {
    const region = regionOf(bytes);
    let position = start;
    while (end - position >= HEAD_BYTES) {
      if (region.view.getUint8(position) === BODY) return this.#beginBody(region.view, position);
      const frameEnd = position + HEAD_BYTES + region.view.getUint32(position + 3) + 1;
      if (frameEnd > end) break;
      this.#frame(region, position, frameEnd);
      position = frameEnd;
    }
    if (position < end) this.#keep(bytes, position, end);
    return end;
  }

  #complete(bytes: Uint8Array, start: number, end: number): number {
    let position = start;
    if (this.#keptBytes < HEAD_BYTES) {
      const count = Math.min(HEAD_BYTES - this.#keptBytes, end - position);
      this.#keep(bytes, position, position + count);
      position += count;
      if (this.#keptBytes < HEAD_BYTES) return position;
    }
    if (this.#kept.view.getUint8(0) === BODY) {
      this.#keptBytes = 0;
      this.#beginBody(this.#kept.view, 0);
      return position;
    }
    const frameBytes = HEAD_BYTES + this.#kept.view.getUint32(3) + 1;
    const count = Math.min(frameBytes - this.#keptBytes, end - position);
    this.#keep(bytes, position, position + count);
    if (this.#keptBytes === frameBytes) {
      this.#keptBytes = 0;
      this.#frame(this.#kept, 0, frameBytes);
    }
    return position + count;
  }

  #beginBody(view: DataView, position: number): number {
    this.#isInBody = true;
    this.#bodyChannel = view.getUint16(position + 1);
    this.#bodyLeft = view.getUint32(position + 3);
    return position + HEAD_BYTES;
  }

  #body(bytes: Uint8Array, start: number, end: number): number {
    const pieceEnd = Math.min(end, start + this.#bodyLeft);
    if (pieceEnd > start) this.#handler.body(this.#bodyChannel, bytes, start, pieceEnd);
    this.#bodyLeft -= pieceEnd - start;
    if (pieceEnd === end) return end;
    check(bytes[pieceEnd] === END, () => `a body frame ends with ${bytes[pieceEnd]}`);
    this.#isInBody = false;
    return pieceEnd + 1;
  }

  #frame(region: Region, start: number, end: number): void {
    const { view } = region;
    check(view.getUint8(end - 1) === END, () => `a frame ends with ${view.getUint8(end - 1)}`);
    const type = view.getUint8(start);
    const channel = view.getUint16(start + 1);
    const payload = start + HEAD_BYTES;
    if (type === METHOD) this.#handler.method(channel, decode(region, payload, end - 1));
    else if (type === HEADER) {
      check(view.getUint32(payload) === 60 << 16, () => 'a content header is not of class basic');
      const bodyBytes = view.getUint32(payload + 4) * 2 ** 32 + view.getUint32(payload + 8);
      this.#handler.header(channel, bodyBytes, region.bytes, payload + CONTENT_HEAD_BYTES, end - 1);
    } else check(type === HEARTBEAT, () => `a frame of type ${type}`);
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#keptBytes + end - start;
    if (length > this.#kept.bytes.length) {
      const larger = regionOf(new Uint8Array(2 * length));
      larger.bytes.set(this.#kept.bytes.subarray(0, this.#keptBytes));
      this.#kept = larger;
    }
    this.#kept.bytes.set(bytes.subarray(start, end), this.#keptBytes);
    this.#keptBytes = length;
  }
}

function decode(region: Region, start: number, end: number): Method {
  decoder.reset(region, start + 4, end);
  const id = region.view.getUint32(start);
  const method = decodeMethod(id, decoder);
  check(method !== undefined, () => `an unknown method ${id >>> 16}/${id & 0xffff}`);
  return method;
}
