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
import { FRAME_END, FRAME_HEAD_BYTES, FRAME_OVERHEAD_BYTES, FRAME_TYPES } from './frame.ts';
import { frameTooLarge, invalidFrameEnd, unknownFrame } from './frame-errors.ts';

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
  /**
   * A method's payload `[start, end)` with its whole content behind it: the payload of a content header, which ends at
   * `headerEnd`, and of one body frame, which ends at `bodyEnd`. Between them stand the ends and heads of frames only.
   * @returns false when nothing was done, and the frames are to come one by one.
   */
  content(channel: number, input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean;
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
    if (end - position < FRAME_HEAD_BYTES) return position;
    const view = input.view;
    const type = view.getUint8(position);
    const size = view.getUint32(position + SIZE_AT);
    const channel = view.getUint16(position + CHANNEL_AT);
    if (this.#frameMax > 0 && size > this.#frameMax) {
      return this.#break(channel, frameTooLarge(type, size, this.#frameMax - FRAME_OVERHEAD_BYTES), end);
    }
    const start = position + FRAME_HEAD_BYTES;
    const payloadEnd = start + size;
    if (payloadEnd >= end) return this.#partial(type, channel, size, position);
    if (view.getUint8(payloadEnd) !== FRAME_END) {
      return this.#break(channel, invalidFrameEnd(type, input, start, payloadEnd), end);
    }
    const contentEnd = type === FRAME_TYPES.method ? this.#content(channel, input, start, payloadEnd, end) : 0;
    if (contentEnd > 0) return contentEnd;
    this.#dispatch(type, channel, input, start, payloadEnd, end);
    return payloadEnd + 1;
  }

  /**
   * Most messages arrive in one piece, and one call costs less than three.
   * @returns where the frame behind the content begins, or 0 when the frames go one by one.
   */
  #content(channel: number, input: Region, start: number, end: number, inputEnd: number): number {
    const headerEnd = wholeFrame(FRAME_TYPES.header, channel, input, end + 1, inputEnd);
    if (headerEnd < end + 1 + FRAME_HEAD_BYTES + HEADER_BYTES_MIN || end - start < METHOD_BYTES_MIN) return 0;
    const bodyEnd = wholeFrame(FRAME_TYPES.body, channel, input, headerEnd + 1, inputEnd);
    // Above the largest frame, one of them may be too large: whoever looks at each says so.
    if (bodyEnd === 0 || (this.#frameMax > 0 && bodyEnd - start > this.#frameMax)) return 0;
    return this.#handler.content(channel, input, start, end, headerEnd, bodyEnd) ? bodyEnd + 1 : 0;
  }

  /** A body begins to be handed on as it comes; any other frame waits until it is whole. */
  #partial(type: number, channel: number, size: number, position: number): number {
    if (type !== FRAME_TYPES.body || size === 0) return position;
    this.#bodyLeft = size;
    this.#bodyChannel = channel;
    return position + FRAME_HEAD_BYTES;
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
      const bodyEnd = wholeFrame(FRAME_TYPES.body, channel, input, end + 1, inputEnd);
      handler.header(channel, input, start, end, bodyEnd === 0 ? end : bodyEnd);
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
    if (kept < FRAME_HEAD_BYTES) return FRAME_HEAD_BYTES - kept;
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

/** Where the payload of the frame at `position` ends, when it is whole, of this type and for this channel; else 0. */
function wholeFrame(type: number, channel: number, input: Region, position: number, inputEnd: number): number {
  if (inputEnd - position < FRAME_OVERHEAD_BYTES) return 0;
  const view = input.view;
  if (view.getUint8(position) !== type || view.getUint16(position + CHANNEL_AT) !== channel) return 0;
  const end = position + FRAME_HEAD_BYTES + view.getUint32(position + SIZE_AT);
  return end < inputEnd && view.getUint8(end) === FRAME_END ? end : 0;
}
