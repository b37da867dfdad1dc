/**
 * Cuts what a broker sends into frames, and puts content back together: method, header and body frames become one event.
 * Written for the conformance suite alone, so that a mistake of the broker's own reader cannot hide itself.
 */

import { ByteReader } from '../../src/base/byte-reader.ts';
import { regionOf } from '../../src/base/bytes.ts';
import { CONTENT_METHODS, decodeMethod, METHOD_IDS, type Method } from '../../src/protocols/amqp091/methods.ts';
import { type Properties, readProperties } from '../../src/protocols/amqp091/properties.ts';

const FRAME_HEAD = 7;
const PROTOCOL_HEADER = 8;
const CONTENT_HEAD = 12;
const LETTER_A = 0x41;

export interface Content {
  readonly properties: Properties;
  readonly body: Buffer;
}

/** What a broker says: a protocol header, a method with its content if it has one, or a heartbeat. */
export type WireEvent =
  | { readonly kind: 'protocol header'; readonly bytes: Buffer }
  | { readonly kind: 'method'; readonly channel: number; readonly method: Method; readonly content?: Content }
  | { readonly kind: 'heartbeat'; readonly channel: number };

interface Unfinished {
  readonly method: Method;
  properties: Properties;
  bytesLeft: number;
  readonly pieces: Buffer[];
}

export class FrameCutter {
  #rest = Buffer.alloc(0);
  readonly #unfinished = new Map<number, Unfinished>();

  /** Takes bytes as they come. @returns what is complete with them. */
  push(bytes: Buffer): WireEvent[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const events: WireEvent[] = [];
    for (let length = this.#nextLength(); length > 0; length = this.#nextLength()) {
      const piece = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      const event = this.#eventOf(piece);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  /** How long the frame or header at the beginning is, 0 when it is not complete. */
  #nextLength(): number {
    const rest = this.#rest;
    if (rest[0] === LETTER_A) return rest.length >= PROTOCOL_HEADER ? PROTOCOL_HEADER : 0;
    if (rest.length < FRAME_HEAD) return 0;
    const length = FRAME_HEAD + rest.readUInt32BE(3) + 1;
    return rest.length >= length ? length : 0;
  }

  #eventOf(piece: Buffer): WireEvent | undefined {
    if (piece[0] === LETTER_A) return { kind: 'protocol header', bytes: piece };
    if (piece.at(-1) !== 0xce) throw new Error('the broker sent a frame without an end octet');
    const channel = piece.readUInt16BE(1);
    const payload = piece.subarray(FRAME_HEAD, -1);
    switch (piece[0]) {
      case 1:
        return this.#method(channel, payload);
      case 2:
        return this.#header(channel, payload);
      case 3:
        return this.#body(channel, payload);
      case 8:
        return { kind: 'heartbeat', channel };
      default:
        throw new Error(`the broker sent a frame of type ${piece[0]}`);
    }
  }

  #method(channel: number, payload: Buffer): WireEvent | undefined {
    const reader = new ByteReader(regionOf(payload));
    const method = decodeMethod(reader.u32(), reader);
    if (method === undefined) throw new Error(`the broker sent an unknown method: ${payload.toString('hex')}`);
    if (!CONTENT_METHODS.has(METHOD_IDS[method.name])) return { kind: 'method', channel, method };
    this.#unfinished.set(channel, { method, properties: {}, bytesLeft: 0, pieces: [] });
    return undefined;
  }

  #header(channel: number, payload: Buffer): WireEvent | undefined {
    const unfinished = this.#expected(channel);
    unfinished.bytesLeft = Number(payload.readBigUInt64BE(4));
    unfinished.properties = readProperties(regionOf(payload), CONTENT_HEAD, payload.length);
    return this.#finished(channel, unfinished);
  }

  #body(channel: number, payload: Buffer): WireEvent | undefined {
    const unfinished = this.#expected(channel);
    unfinished.pieces.push(payload);
    unfinished.bytesLeft -= payload.length;
    return this.#finished(channel, unfinished);
  }

  #finished(channel: number, { method, properties, bytesLeft, pieces }: Unfinished): WireEvent | undefined {
    if (bytesLeft > 0) return undefined;
    this.#unfinished.delete(channel);
    return { kind: 'method', channel, method, content: { properties, body: Buffer.concat(pieces) } };
  }

  #expected(channel: number): Unfinished {
    const unfinished = this.#unfinished.get(channel);
    if (unfinished === undefined) throw new Error(`the broker sent content on channel ${channel} without a method`);
    return unfinished;
  }
}
