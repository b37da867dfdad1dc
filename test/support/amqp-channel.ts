/**
 * One AMQP channel on a broker core, without a connection: methods and content in, what it wrote out as lines of text.
 * Every buffer handed in is overwritten afterwards, because the channel may keep nothing of it.
 */

import { ByteReader } from '../../src/base/byte-reader.ts';
import { ByteWriter } from '../../src/base/byte-writer.ts';
import { type Region, regionOf } from '../../src/base/bytes.ts';
import { ChunkPool, Output } from '../../src/base/output.ts';
import { Channel } from '../../src/protocols/amqp091/channel.ts';
import type { ChannelHost } from '../../src/protocols/amqp091/channel-contract.ts';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { decodeMethod, encodeMethod, METHOD_IDS, type Method } from '../../src/protocols/amqp091/methods.ts';
import { encodeProperties, type Properties, readProperties } from '../../src/protocols/amqp091/properties.ts';
import { type CoreBroker, type CoreBrokerOptions, coreBroker } from './core-broker.ts';

const FRAME_OVERHEAD = 8;
const FRAME_HEAD = 7;
const CONTENT_HEAD = 12;
const METHOD_ID = 4;

export interface TestChannelOptions extends CoreBrokerOptions {
  /** Another channel of the same broker. */
  readonly world?: CoreBroker;
  readonly number?: number;
  readonly frameMax?: number;
  readonly outputBytesMax?: number;
  readonly consumersMax?: number;
  readonly canCancelConsumers?: boolean;
}

export interface PublishOptions {
  readonly mandatory?: boolean;
  readonly immediate?: boolean;
  readonly properties?: Properties;
  /** The sizes of the pieces in which the body comes, its frames one by one; otherwise all comes in one buffer. */
  readonly pieces?: readonly number[];
}

export class TestChannel {
  readonly world: CoreBroker;
  readonly channel: Channel;
  readonly output: Output;
  /** How often the channel said that it wrote an answer. */
  answers = 0;
  /** How often the channel said that the log keeps something of it. */
  loggedCount = 0;
  #isTouched = false;

  constructor(options: TestChannelOptions = {}) {
    this.world = options.world ?? coreBroker(options);
    this.output = new Output(new ChunkPool(), this.world.broker.messages);
    this.channel = new Channel(options.number ?? 1, this.#host(options));
  }

  /** Hands in a method. */
  send(method: Method): void {
    const writer = new ByteWriter();
    encodeMethod(writer, method);
    this.raw(METHOD_IDS[method.name], writer.toBytes().subarray(METHOD_ID));
  }

  /** Hands in a method by its id and the bytes of its arguments. */
  raw(id: number, fields: Uint8Array): void {
    lend(fields, (input, end) => this.channel.method(id, input, 0, end));
  }

  /** A whole message, its frames in one buffer, or its body in pieces with a buffer each. */
  publish(exchange: string, routingKey: string, body: string | Uint8Array, options: PublishOptions = {}): void {
    const { mandatory = false, immediate = false, properties, pieces } = options;
    const method: Method = { name: 'basic.publish', exchange, routingKey, mandatory, immediate };
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (pieces === undefined && this.whole(method, contentHeader(bytes.length, properties), bytes)) return;
    this.send(method);
    this.content(body, options);
  }

  /** Hands in a message at once. @returns false when its frames are to come one by one. */
  whole(method: Method, header: Uint8Array, body: Uint8Array): boolean {
    const writer = new ByteWriter();
    encodeMethod(writer, method);
    const methodEnd = FRAME_HEAD + writer.length;
    const headerEnd = methodEnd + FRAME_OVERHEAD + header.length;
    const frames = [
      encodeFrame(FRAME_TYPES.method, this.channel.number, writer.toBytes()),
      encodeFrame(FRAME_TYPES.header, this.channel.number, header),
      encodeFrame(FRAME_TYPES.body, this.channel.number, body),
    ];
    let isTaken = false;
    lend(Buffer.concat(frames), (input, end) => {
      isTaken = this.channel.publish(input, FRAME_HEAD + METHOD_ID, methodEnd, headerEnd, end - 1);
    });
    return isTaken;
  }

  content(body: string | Uint8Array, { properties = {}, pieces }: PublishOptions = {}): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const header = contentHeader(bytes.length, properties);
    if (pieces !== undefined) return this.#inPieces(header, bytes, pieces);
    const together = Buffer.concat([header, bytes]);
    lend(together, (input, end) => {
      this.channel.header(input, 0, header.length, end);
      if (bytes.length > 0) this.channel.body(input, header.length, end);
    });
  }

  /** Hands in a content header alone. */
  header(payload: Uint8Array): void {
    lend(payload, (input, end) => this.channel.header(input, 0, end, end));
  }

  /** Hands in a content header and the first body frame behind it in one buffer. */
  headerWithPiece(header: Uint8Array, piece: Uint8Array): void {
    const frameHead = Buffer.alloc(FRAME_OVERHEAD);
    lend(Buffer.concat([header, frameHead, piece]), (input, end) => {
      this.channel.header(input, 0, header.length, end);
      this.channel.body(input, header.length + FRAME_OVERHEAD, end);
    });
  }

  body(payload: Uint8Array): void {
    lend(payload, (input, end) => this.channel.body(input, 0, end));
  }

  /** The end of a turn, as the server has it. */
  turn(): void {
    this.world.broker.endTurn(10_000);
    this.world.log.flush();
    if (!this.#isTouched) return;
    this.#isTouched = false;
    this.channel.endTurn();
  }

  /** Takes what was written, as lines such as `basic.deliver c 1 'body'`. */
  written(): string[] {
    return linesOf(this.writtenBytes());
  }

  writtenBytes(): Uint8Array {
    const batch = this.output.take();
    const bytes = Buffer.concat(batch.parts);
    this.output.done(batch);
    return bytes;
  }

  /** A turn. @returns what was written. */
  turnAndTake(): string[] {
    this.turn();
    return this.written();
  }

  #inPieces(header: Uint8Array, bytes: Uint8Array, pieces: readonly number[]): void {
    this.header(header);
    let position = 0;
    for (const length of pieces) {
      this.body(bytes.slice(position, position + length));
      position += length;
    }
    if (position < bytes.length) this.body(bytes.slice(position));
  }

  #host(options: TestChannelOptions): ChannelHost {
    const { output } = this;
    return {
      broker: this.world.broker,
      vhost: this.world.vhost,
      owner: this.world.owner,
      output,
      frameMax: options.frameMax ?? 131_072,
      messageBytesMax: 1_000_000,
      consumersMax: options.consumersMax ?? 0,
      canCancelConsumers: options.canCancelConsumers ?? true,
      get isOutputFull() {
        return output.pendingBytes > (options.outputBytesMax ?? 1_000_000);
      },
      publishedToLog: () => {
        this.loggedCount++;
      },
      touch: () => {
        this.#isTouched = true;
      },
      answered: () => {
        this.answers++;
      },
    };
  }
}

/** The payload of a content header. */
export function contentHeader(bodyBytes: number, properties: Properties = {}, classId = 60): Uint8Array {
  const head = Buffer.alloc(CONTENT_HEAD);
  head.writeUInt16BE(classId, 0);
  head.writeBigUInt64BE(BigInt(bodyBytes), 4);
  return Buffer.concat([head, encodeProperties(properties)]);
}

export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Uint8Array;
}

export function framesOf(bytes: Uint8Array): Frame[] {
  const { view } = regionOf(bytes);
  const frames: Frame[] = [];
  for (let position = 0; position < bytes.length; ) {
    const size = view.getUint32(position + 3);
    if (view.getUint8(position + 7 + size) !== 0xce) throw new Error(`the frame at ${position} has no end octet`);
    const payload = bytes.subarray(position + 7, position + 7 + size);
    frames.push({ type: view.getUint8(position), channel: view.getUint16(position + 1), payload });
    position += size + FRAME_OVERHEAD;
  }
  return frames;
}

function linesOf(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const frames = framesOf(bytes);
  for (let index = 0; index < frames.length; ) {
    const method = methodIn(frames[index++]);
    const header = frames[index];
    if (header?.type !== FRAME_TYPES.header) {
      lines.push(lineOf(method));
      continue;
    }
    index++;
    const { view } = regionOf(header.payload);
    let left = view.getUint32(8);
    const pieces: Uint8Array[] = [];
    for (; left > 0; left -= frames[index++]?.payload.length ?? left)
      pieces.push(frames[index]?.payload ?? Buffer.of());
    const properties = readProperties(regionOf(header.payload), CONTENT_HEAD, header.payload.length);
    lines.push([lineOf(method), ...wordsOf(properties), bodyWord(Buffer.concat(pieces))].join(' '));
  }
  return lines;
}

function methodIn(frame: Frame | undefined): Method {
  if (frame?.type !== 1) throw new Error('a method frame was expected');
  const reader = new ByteReader(regionOf(frame.payload));
  const method = decodeMethod(reader.u32(), reader);
  if (method === undefined) throw new Error('an unknown method was written');
  return method;
}

/** The name, then the values of its fields: booleans by their names when true, empty texts as they are. */
function lineOf({ name, ...fields }: Method): string {
  return [name, ...wordsOf(fields)].join(' ');
}

function wordsOf(fields: object): string[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    if (typeof value === 'boolean') return value ? [field] : [];
    return [String(value)];
  });
}

function bodyWord(body: Buffer): string {
  return body.length > 100 ? `${body.length} bytes` : `'${body}'`;
}

/** Lets `use` read bytes that are gone afterwards. */
function lend(bytes: Uint8Array, use: (input: Region, end: number) => void): void {
  const lent = regionOf(Uint8Array.from(bytes));
  try {
    use(lent, bytes.length);
  } finally {
    lent.bytes.fill(0xee);
  }
}
