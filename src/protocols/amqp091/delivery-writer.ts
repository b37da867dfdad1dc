/**
 * Writes messages to a client: basic.deliver, basic.get-ok or basic.return, then the content in frames.
 *
 * The bytes of basic.deliver are nearly the same from one message to the next: each consumer keeps them as a template in
 * which only the delivery tag is patched, until a message comes that took another route.
 *
 * hot path: flat memory
 */

import { copyBytes, EMPTY_REGION, type Region, regionOf } from '../../base/bytes.ts';
import type { Output } from '../../base/output.ts';
import type { Messages } from '../../core/messages.ts';
import type { MessageHandle } from '../../core/ports.ts';
import { NO_ROUTE_ID } from '../../core/route.ts';
import { FRAME_END, FRAME_HEAD_BYTES, FRAME_OVERHEAD_BYTES, FRAME_TYPES } from './frame.ts';

/** Bodies from here on are sent by reference instead of being copied. */
const REFERENCE_BYTES_MIN = 16 * 1024;

const BASIC_CLASS = 60;
const DELIVER_ID = (BASIC_CLASS << 16) | 60;
const GET_OK_ID = (BASIC_CLASS << 16) | 71;
const RETURN_ID = (BASIC_CLASS << 16) | 50;

/** With class and method id. */
const METHOD_HEAD_BYTES = FRAME_HEAD_BYTES + 4;
/** Of a content header before the properties: class, weight, body size. */
const CONTENT_HEAD_BYTES = 12;
/** Matches no message: the template must be filled first. */
const UNFILLED = -1;
const TWO_POW_32 = 0x1_0000_0000;

/** basic.deliver as last written for one consumer. */
export class DeliverTemplate {
  readonly consumerTag: Region;
  routeId = UNFILLED;
  region = EMPTY_REGION;
  length = 0;

  /** @param consumerTag up to 255 bytes of UTF-8. */
  constructor(consumerTag: string) {
    this.consumerTag = regionOf(new TextEncoder().encode(consumerTag));
  }

  /** Where the delivery tag stands; `redelivered` is the byte behind it. */
  get tagAt(): number {
    return METHOD_HEAD_BYTES + 1 + this.consumerTag.bytes.length;
  }
}

export class DeliveryWriter {
  readonly #output: Output;
  readonly #messages: Messages;
  readonly #channel: number;
  readonly #payloadBytesMax: number;

  /** @param frameMax as negotiated, with the frame's 8 bytes of overhead; 0 is unlimited. */
  constructor(output: Output, messages: Messages, channel: number, frameMax: number) {
    this.#output = output;
    this.#messages = messages;
    this.#channel = channel;
    this.#payloadBytesMax = frameMax === 0 ? Number.MAX_SAFE_INTEGER : frameMax - FRAME_OVERHEAD_BYTES;
  }

  deliver(template: DeliverTemplate, message: MessageHandle, tag: number, redelivered: boolean): void {
    const from = this.#messages.regionOf(message);
    const start = this.#messages.offsetOf(message);
    const routeId = this.#messages.routeId(from, start);
    if (template.routeId !== routeId) this.#fillTemplate(template, from, start, routeId);
    const length = template.length;
    this.#output.reserve(length);
    const to = this.#output.chunk;
    const position = this.#output.position;
    copyBytes(to, position, template.region, 0, length);
    const tagAt = position + template.tagAt;
    to.view.setUint32(tagAt, Math.floor(tag / TWO_POW_32));
    to.view.setUint32(tagAt + 4, tag >>> 0);
    to.view.setUint8(tagAt + 8, redelivered ? 1 : 0);
    this.#output.position = position + length;
    this.#writeContent(message, from, start);
  }

  /** basic.get-ok with its content. */
  getOk(message: MessageHandle, tag: number, redelivered: boolean, messageCount: number): void {
    const from = this.#messages.regionOf(message);
    const start = this.#messages.offsetOf(message);
    const names = this.#namesBytes(from, start);
    const position = this.#beginMethod(GET_OK_ID, 9 + names + 4);
    const view = this.#output.chunk.view;
    view.setUint32(position, Math.floor(tag / TWO_POW_32));
    view.setUint32(position + 4, tag >>> 0);
    view.setUint8(position + 8, redelivered ? 1 : 0);
    const end = this.#copyNames(position + 9, from, start);
    view.setUint32(end, messageCount);
    this.#endMethod(end + 4);
    this.#writeContent(message, from, start);
  }

  /** basic.return with its content. */
  returned(message: MessageHandle, code: number, text: string): void {
    const from = this.#messages.regionOf(message);
    const start = this.#messages.offsetOf(message);
    const names = this.#namesBytes(from, start);
    const position = this.#beginMethod(RETURN_ID, 2 + 1 + text.length + names);
    const view = this.#output.chunk.view;
    view.setUint16(position, code);
    view.setUint8(position + 2, text.length);
    for (let index = 0; index < text.length; index++) view.setUint8(position + 3 + index, text.charCodeAt(index));
    this.#endMethod(this.#copyNames(position + 3 + text.length, from, start));
    this.#writeContent(message, from, start);
  }

  /** Exchange and routing key as two short strings. */
  #namesBytes(from: Region, start: number): number {
    return 2 + this.#messages.exchangeBytes(from, start) + this.#messages.keyBytes(from, start);
  }

  /** @returns where the names end. */
  #copyNames(position: number, from: Region, start: number): number {
    const to = this.#output.chunk;
    return copyNames(to, position, from, this.#messages, start);
  }

  #fillTemplate(template: DeliverTemplate, from: Region, start: number, routeId: number): void {
    const tagBytes = template.consumerTag.bytes.length;
    const length = METHOD_HEAD_BYTES + 1 + tagBytes + 9 + this.#namesBytes(from, start) + 1;
    if (template.region.bytes.length < length) {
      template.region = regionOf(new Uint8Array(length));
    }
    const region = template.region;
    const position = writeMethodHead(region.view, 0, this.#channel, DELIVER_ID, length - FRAME_OVERHEAD_BYTES);
    region.view.setUint8(position, tagBytes);
    copyBytes(region, position + 1, template.consumerTag, 0, tagBytes);
    copyNames(region, position + 1 + tagBytes + 9, from, this.#messages, start);
    region.view.setUint8(length - 1, FRAME_END);
    template.length = length;
    template.routeId = routeId === NO_ROUTE_ID ? UNFILLED : routeId;
  }

  /** @returns where the arguments, of `bytes` length, begin. */
  #beginMethod(id: number, bytes: number): number {
    this.#output.reserve(METHOD_HEAD_BYTES + bytes + 1);
    return writeMethodHead(this.#output.chunk.view, this.#output.position, this.#channel, id, bytes + 4);
  }

  #endMethod(end: number): void {
    this.#output.chunk.view.setUint8(end, FRAME_END);
    this.#output.position = end + 1;
  }

  #writeContent(message: MessageHandle, from: Region, start: number): void {
    const messages = this.#messages;
    const bodyBytes = messages.bodyBytes(from, start);
    const propertiesBytes = messages.propertiesBytes(from, start);
    const propertiesStart =
      messages.exchangeStart(start) + messages.exchangeBytes(from, start) + messages.keyBytes(from, start);
    const isSmall = bodyBytes < REFERENCE_BYTES_MIN && bodyBytes <= this.#payloadBytesMax;
    const headerBytes = CONTENT_HEAD_BYTES + propertiesBytes + FRAME_OVERHEAD_BYTES;
    this.#output.reserve(isSmall ? headerBytes + bodyBytes + FRAME_OVERHEAD_BYTES : headerBytes);
    this.#writeHeader(bodyBytes, from, propertiesStart, propertiesBytes);
    if (bodyBytes === 0) return;
    const bodyStart = propertiesStart + propertiesBytes;
    if (isSmall) this.#copyBodyFrame(from, bodyStart, bodyBytes);
    else this.#writeLargeBody(message, from, bodyStart, bodyBytes);
  }

  #writeHeader(bodyBytes: number, from: Region, propertiesStart: number, propertiesBytes: number): void {
    const to = this.#output.chunk;
    const view = to.view;
    const position = this.#output.position;
    view.setUint8(position, FRAME_TYPES.header);
    view.setUint16(position + 1, this.#channel);
    view.setUint32(position + 3, CONTENT_HEAD_BYTES + propertiesBytes);
    view.setUint32(position + 7, BASIC_CLASS << 16);
    view.setUint32(position + 11, 0);
    view.setUint32(position + 15, bodyBytes);
    copyBytes(to, position + 19, from, propertiesStart, propertiesBytes);
    const end = position + 19 + propertiesBytes;
    view.setUint8(end, FRAME_END);
    this.#output.position = end + 1;
  }

  #copyBodyFrame(from: Region, bodyStart: number, bytes: number): void {
    const to = this.#output.chunk;
    const position = this.#beginBodyFrame(bytes);
    copyBytes(to, position, from, bodyStart, bytes);
    to.view.setUint8(position + bytes, FRAME_END);
    this.#output.position = position + bytes + 1;
  }

  /** @returns where the payload begins; the caller has reserved the room. */
  #beginBodyFrame(bytes: number): number {
    const view = this.#output.chunk.view;
    const position = this.#output.position;
    view.setUint8(position, FRAME_TYPES.body);
    view.setUint16(position + 1, this.#channel);
    view.setUint32(position + 3, bytes);
    return position + FRAME_HEAD_BYTES;
  }

  #writeLargeBody(message: MessageHandle, from: Region, bodyStart: number, bodyBytes: number): void {
    const pieces = this.#messages.largeBody(message);
    if (pieces !== undefined) {
      this.#writePieces(message, pieces, bodyBytes);
      return;
    }
    this.#writePieces(message, [from.bytes.subarray(bodyStart, bodyStart + bodyBytes)], bodyBytes);
  }

  /** Cuts a body into frames, whatever pieces it lies in. */
  #writePieces(message: MessageHandle, pieces: readonly Uint8Array[], bodyBytes: number): void {
    let bodyLeft = bodyBytes;
    let frameLeft = 0;
    for (const piece of pieces) {
      for (let start = 0; start < piece.length; ) {
        if (frameLeft === 0) {
          frameLeft = Math.min(bodyLeft, this.#payloadBytesMax);
          this.#output.reserve(FRAME_HEAD_BYTES);
          this.#output.position = this.#beginBodyFrame(frameLeft);
        }
        const bytes = Math.min(frameLeft, piece.length - start);
        this.#reference(message, piece.subarray(start, start + bytes));
        start += bytes;
        frameLeft -= bytes;
        bodyLeft -= bytes;
        if (frameLeft === 0) this.#endFrame();
      }
    }
  }

  #reference(message: MessageHandle, bytes: Uint8Array): void {
    this.#messages.pin(message);
    this.#output.appendReference(bytes, message);
  }

  #endFrame(): void {
    this.#output.reserve(1);
    this.#output.chunk.view.setUint8(this.#output.position++, FRAME_END);
  }
}

/** @returns where the method's arguments begin. */
function writeMethodHead(view: DataView, position: number, channel: number, id: number, payloadBytes: number): number {
  view.setUint8(position, FRAME_TYPES.method);
  view.setUint16(position + 1, channel);
  view.setUint32(position + 3, payloadBytes);
  view.setUint32(position + FRAME_HEAD_BYTES, id);
  return position + METHOD_HEAD_BYTES;
}

/** Copies a message's exchange and routing key as two short strings. @returns where they end. */
function copyNames(to: Region, position: number, from: Region, messages: Messages, start: number): number {
  const exchangeBytes = messages.exchangeBytes(from, start);
  const keyBytes = messages.keyBytes(from, start);
  const names = messages.exchangeStart(start);
  to.view.setUint8(position, exchangeBytes);
  copyBytes(to, position + 1, from, names, exchangeBytes);
  const keyAt = position + 1 + exchangeBytes;
  to.view.setUint8(keyAt, keyBytes);
  copyBytes(to, keyAt + 1, from, names + exchangeBytes, keyBytes);
  return keyAt + 1 + keyBytes;
}
