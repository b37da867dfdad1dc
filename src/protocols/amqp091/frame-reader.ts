/**
 * Turns a stream of bytes, cut anywhere, into calls for the frames in it. Nothing is allocated per frame or per
 * receive: frames are handed on where they lie in the caller's buffer.
 *
 * Bytes are copied aside only when a frame is not complete, and then only what that frame still needs; memory grows
 * with what has arrived, never with what a frame announces. Bodies are not collected at all but handed on in pieces.
 *
 * hot path: flat memory
 */

import { copyBytes, type Region, regionOf } from '../../base/bytes.ts';
import type { BrokerError } from '../../core/errors.ts';
import { FRAME_END, FRAME_OVERHEAD_BYTES, FRAME_TYPES } from './frame.ts';
import { frameTooLarge, invalidFrameEnd, unknownFrame } from './frame-errors.ts';

/** Type (1), channel (2) and payload size (4). */
const HEAD_BYTES = 7;
const CHANNEL_AT = 1;
const SIZE_AT = 3;
/** Class id and method id. */
const METHOD_BYTES_MIN = 4;
/** Class id, weight and body size, which the properties come behind. */
const HEADER_BYTES_MIN = 12;
const KEPT_BYTES_FIRST = 256;

const EMPTY = regionOf(new Uint8Array(0));

/** Takes the frames of one connection. None of its methods may throw, or call the reader but for `stop`. */
export interface FrameHandler {
  /** A whole method frame's payload (class id, method id, arguments): `input.bytes[start, end)`, at least 4 bytes. */
  method(channel: number, input: Region, start: number, end: number): void;
  /**
   * A whole content header's payload, at least 12 bytes. `inputEnd`: how far the input holds the body frame that comes
   * next: the memory stays as it is up to the next call only if `inputEnd` is larger than `end`.
   */
  header(channel: number, input: Region, start: number, end: number, inputEnd: number): void;
  /** A piece of a body frame's payload, in order and not empty unless the frame is; usually the whole. */
  body(channel: number, input: Region, start: number, end: number): void;
  heartbeat(channel: number): void;
  /** The stream cannot be understood from here on; nothing more is handed on. */
  broken(channel: number, error: BrokerError): void;
  /** When true after a call, the reader keeps the rest aside until `resume`. */
  readonly isPaused: boolean;
}

/** The caller's buffer is nearly always the same one, so that its region is made once for all connections. */
let lastInput: Region = EMPTY;

function inputRegion(bytes: Uint8Array): Region {
  if (lastInput.bytes !== bytes) lastInput = regionOf(bytes);
  return lastInput;
}

export class FrameReader {
  readonly #handler: FrameHandler;
  #frameMax: number;
  /** Bytes that were copied aside: `#kept.bytes[#keptStart, #keptEnd)`. */
  #kept: Region = EMPTY;
  #keptStart = 0;
  #keptEnd = 0;
  /** Of a body frame that is handed on in pieces: payload bytes still to come; 0 between frames. */
  #bodyLeft = 0;
  #bodyChannel = 0;
  #isStopped = false;

  /** @param frameMax see `frameMax` */
  constructor(handler: FrameHandler, frameMax: number) {
    this.#handler = handler;
    this.#frameMax = frameMax;
  }

  /**
   * The largest frame in bytes; 0 is unlimited. As in RabbitMQ a payload alone may be as large: some clients forget
   * the 8 bytes around it.
   */
  set frameMax(bytes: number) {
    this.#frameMax = bytes;
  }

  /** Bytes that were copied aside. */
  get keptBytes(): number {
    return this.#keptEnd - this.#keptStart;
  }

  /** Takes `bytes[start, end)`; nothing of it is kept but copies. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    const input = inputRegion(bytes);
    let position = start;
    if (this.#keptEnd > 0) position = this.#completeKept(input, start, end);
    if (this.#keptEnd === 0) position = this.#read(input, position, end);
    if (position < end && !this.#isStopped) this.#keep(input, position, end - position);
  }

  /** Goes on with what was kept while the handler was paused. */
  resume(): void {
    if (this.#keptEnd > 0) this.#readKept();
  }

  /** Drops what is kept and everything that comes. */
  stop(): void {
    this.#isStopped = true;
    this.#dropKept();
  }

  /** Hands on the frames in `[position, end)`. @returns where the first byte lies that it could not hand on yet. */
  #read(input: Region, start: number, end: number): number {
    let position = start;
    while (position < end && !this.#isStopped && !this.#handler.isPaused) {
      const next = this.#bodyLeft > 0 ? this.#bodyPiece(input, position, end) : this.#frame(input, position, end);
      if (next === position) break;
      position = next;
    }
    return position;
  }

  /** @returns where the next frame begins, or `position` when this one is not complete. */
  #frame(input: Region, position: number, end: number): number {
    if (end - position < HEAD_BYTES) return position;
    const view = input.view;
    const type = view.getUint8(position);
    const size = view.getUint32(position + SIZE_AT);
    const channel = view.getUint16(position + CHANNEL_AT);
    if (this.#frameMax > 0 && size > this.#frameMax) {
      return this.#break(channel, frameTooLarge(type, size, this.#frameMax - FRAME_OVERHEAD_BYTES), end);
    }
    const start = position + HEAD_BYTES;
    const payloadEnd = start + size;
    if (payloadEnd >= end) return this.#partial(type, channel, size, position);
    if (view.getUint8(payloadEnd) !== FRAME_END) {
      return this.#break(channel, invalidFrameEnd(type, input, start, payloadEnd), end);
    }
    this.#dispatch(type, channel, input, start, payloadEnd, end);
    return payloadEnd + 1;
  }

  /** A body begins to be handed on as it comes; any other frame waits until it is whole. */
  #partial(type: number, channel: number, size: number, position: number): number {
    if (type !== FRAME_TYPES.body || size === 0) return position;
    this.#bodyLeft = size;
    this.#bodyChannel = channel;
    return position + HEAD_BYTES;
  }

  /**
   * Hands on what has come of a body. Its last byte waits for the end octet, because with it the message is complete
   * and must not be taken from a frame that is wrong.
   */
  #bodyPiece(input: Region, position: number, end: number): number {
    const payloadEnd = position + this.#bodyLeft;
    if (payloadEnd < end) {
      this.#bodyLeft = 0;
      if (input.view.getUint8(payloadEnd) !== FRAME_END) {
        const error = invalidFrameEnd(FRAME_TYPES.body, input, position, payloadEnd);
        return this.#break(this.#bodyChannel, error, end);
      }
      this.#handler.body(this.#bodyChannel, input, position, payloadEnd);
      return payloadEnd + 1;
    }
    const pieceEnd = Math.min(end, payloadEnd - 1);
    if (pieceEnd === position) return position;
    this.#bodyLeft -= pieceEnd - position;
    this.#handler.body(this.#bodyChannel, input, position, pieceEnd);
    return pieceEnd;
  }

  #dispatch(type: number, channel: number, input: Region, start: number, end: number, inputEnd: number): void {
    const handler = this.#handler;
    if (type === FRAME_TYPES.body) handler.body(channel, input, start, end);
    else if (type === FRAME_TYPES.method && end - start >= METHOD_BYTES_MIN) handler.method(channel, input, start, end);
    else if (type === FRAME_TYPES.header && end - start >= HEADER_BYTES_MIN) {
      handler.header(channel, input, start, end, bodyEnd(channel, input, end, inputEnd));
    } else if (type === FRAME_TYPES.heartbeat && start === end) handler.heartbeat(channel);
    else this.#break(channel, unknownFrame(type, input, start, end), inputEnd);
  }

  #break(channel: number, error: BrokerError, end: number): number {
    this.stop();
    this.#handler.broken(channel, error);
    return end;
  }

  /** Adds to what is kept until its frame is complete. @returns how much of `[start, end)` was used up. */
  #completeKept(input: Region, start: number, end: number): number {
    let position = start;
    while (this.#keptEnd > 0 && !this.#handler.isPaused) {
      const missing = this.#missing();
      const count = Math.min(missing, end - position);
      this.#keep(input, position, count);
      position += count;
      if (count < missing) return position;
      this.#readKept();
    }
    if (this.#keptEnd === 0) return position;
    this.#keep(input, position, end - position);
    return end;
  }

  /** How many bytes the kept ones lack before something can be done with them. */
  #missing(): number {
    const kept = this.#keptEnd - this.#keptStart;
    if (this.#bodyLeft > 0) return Math.max(0, this.#bodyLeft + 1 - kept);
    if (kept < HEAD_BYTES) return HEAD_BYTES - kept;
    return Math.max(0, FRAME_OVERHEAD_BYTES + this.#kept.view.getUint32(this.#keptStart + SIZE_AT) - kept);
  }

  #readKept(): void {
    this.#keptStart = this.#read(this.#kept, this.#keptStart, this.#keptEnd);
    if (this.#keptStart >= this.#keptEnd) this.#dropKept();
  }

  #keep(input: Region, start: number, length: number): void {
    const kept = this.#keptEnd - this.#keptStart;
    if (this.#keptEnd + length > this.#kept.bytes.length) this.#growKept(kept + length);
    copyBytes(this.#kept, this.#keptEnd, input, start, length);
    this.#keptEnd += length;
  }

  #growKept(bytes: number): void {
    const kept = this.#keptEnd - this.#keptStart;
    const larger = regionOf(new Uint8Array(Math.max(KEPT_BYTES_FIRST, bytes + (bytes >>> 1))));
    copyBytes(larger, 0, this.#kept, this.#keptStart, kept);
    this.#kept = larger;
    this.#keptStart = 0;
    this.#keptEnd = kept;
  }

  #dropKept(): void {
    this.#kept = EMPTY;
    this.#keptStart = 0;
    this.#keptEnd = 0;
  }
}

/** Where the payload of a whole body frame of the same channel ends that follows at once; else `end`. */
function bodyEnd(channel: number, input: Region, end: number, inputEnd: number): number {
  const head = end + 1;
  if (inputEnd - head < HEAD_BYTES) return end;
  const view = input.view;
  if (view.getUint8(head) !== FRAME_TYPES.body || view.getUint16(head + CHANNEL_AT) !== channel) return end;
  const payloadEnd = head + HEAD_BYTES + view.getUint32(head + SIZE_AT);
  return payloadEnd < inputEnd ? payloadEnd : end;
}
