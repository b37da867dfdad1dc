/**
 * An AMQP client at the level of bytes: the handshake, channels, frames out and frames in. What it does next is decided
 * elsewhere (plan.ts).
 */

import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { copyBytes } from '../../../src/base/bytes.ts';
import { table } from '../../../src/base/field-table.ts';
import { encodeFrame } from '../../../src/protocols/amqp091/frames-out.ts';
import { encodeMethod, type Method } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import { putBody, putProperties, type SimMessage } from '../message.ts';
import { BytePipe } from '../wire/byte-pipe.ts';
import { type WireHandler, WireReader } from '../wire/reader.ts';
import { ClientChannel, type Knowledge } from './channel.ts';

const METHOD_FRAME = 1;
const HEADER_FRAME = 2;
const BODY_FRAME = 3;
const FRAME_OVERHEAD_BYTES = 8;
const BASIC_CLASS = 60;
const CONTENT_HEAD_BYTES = 12;

const PROTOCOL_HEADER = new TextEncoder().encode('AMQP\0\0\x09\x01');
const HEARTBEAT = encodeFrame(8, 0, new Uint8Array(0));
const CAPABILITIES = { consumer_cancel_notify: true, authentication_failure_close: true };

const writer = new ByteWriter();

export interface SimClientOptions {
  readonly frameMax: number;
  /** Seconds; 0 is none. */
  readonly heartbeat: number;
  readonly messages: readonly SimMessage[];
}

/** Of queues and addresses a client remembers so many, the newest. */
const KNOWN_MAX = 8;

export class SimClient implements WireHandler, Knowledge {
  readonly output = new BytePipe();
  readonly channels = new Map<number, ClientChannel>();
  /** Opened and not yet known to the broker: the next one for a number is the first of its list. */
  readonly opening = new Map<number, ClientChannel[]>();
  state: 'starting' | 'open' | 'closing' | 'closed' = 'starting';
  /** Takes nothing until the world says so. */
  isSlow = false;
  /** What it sends does not arrive, until the world says so. */
  isMute = false;
  readonly messages: readonly SimMessage[];
  /** Queues that the broker named for it. */
  readonly ownQueues: string[] = [];
  /** Where those wait whose requests it has received. */
  readonly addresses: string[] = [];
  readonly #options: SimClientOptions;
  readonly #reader = new WireReader(this);

  constructor(options: SimClientOptions) {
    this.#options = options;
    this.messages = options.messages;
    this.output.write(PROTOCOL_HEADER);
  }

  /** Bytes arrive from the broker. */
  readonly read = (bytes: Uint8Array, start: number, end: number): void => this.#reader.read(bytes, start, end);

  openChannel(number: number): ClientChannel {
    const channel = new ClientChannel(number, this);
    this.channels.set(number, channel);
    const opening = this.opening.get(number);
    if (opening === undefined) this.opening.set(number, [channel]);
    else opening.push(channel);
    channel.awaited.push('channel.open-ok');
    this.#write(number, { name: 'channel.open' });
    return channel;
  }

  closeChannel(channel: ClientChannel): void {
    this.sendRest(channel);
    channel.isClosing = true;
    channel.awaited.push('channel.close-ok');
    this.#write(channel.number, closing('channel.close'));
  }

  close(): void {
    for (const channel of this.channels.values()) this.sendRest(channel);
    this.state = 'closing';
    this.#write(0, closing('connection.close'));
  }

  send(channel: ClientChannel, method: Method): void {
    this.sendRest(channel);
    channel.sending(method, undefined);
    this.#write(channel.number, method);
  }

  /**
   * Publishes, with body frames of up to `piece` bytes. What is held back goes out when something else is done on the
   * channel: the content, or the body behind its first frame.
   */
  publish(channel: ClientChannel, message: SimMessage, piece: number, held: 'nothing' | 'content' | 'body'): void {
    this.sendRest(channel);
    const { exchange, key, mandatory } = message;
    const method = { name: 'basic.publish', exchange, routingKey: key, mandatory, immediate: false } as const;
    channel.sending(method, message);
    this.#write(channel.number, method);
    const size = Math.min(piece, this.#options.frameMax - FRAME_OVERHEAD_BYTES);
    if (held !== 'content') this.#writeHeader(channel.number, message);
    const end = held === 'nothing' ? message.bodyBytes : held === 'body' ? Math.min(size, message.bodyBytes) : 0;
    this.#writeBody(channel.number, message, 0, end, size);
    if (held === 'content' || end < message.bodyBytes) {
      channel.rest = { message, size, start: end, hasHeader: held !== 'content' };
    }
  }

  /** The rest of a publish goes out. */
  sendRest(channel: ClientChannel): void {
    const { rest } = channel;
    if (rest === undefined) return;
    channel.rest = undefined;
    if (!rest.hasHeader) this.#writeHeader(channel.number, rest.message);
    this.#writeBody(channel.number, rest.message, rest.start, rest.message.bodyBytes, rest.size);
  }

  learnQueue(name: string): void {
    remember(this.ownQueues, name);
  }

  learnAddress(address: string): void {
    remember(this.addresses, address);
  }

  beat(): void {
    if (this.#options.heartbeat > 0 && this.state === 'open') this.output.write(HEARTBEAT);
  }

  method(number: number, method: Method): void {
    if (number === 0) return this.#connectionMethod(method);
    const channel = this.channels.get(number);
    check(channel !== undefined, () => `a client received ${method.name} on channel ${number}, which it has closed`);
    if (method.name === 'channel.close') return this.#closedByBroker(channel);
    channel.received(method);
    if (method.name === 'channel.close-ok') this.channels.delete(number);
  }

  header(number: number, bodyBytes: number, bytes: Uint8Array, start: number, end: number): void {
    this.#channel(number).header(bodyBytes, bytes, start, end);
  }

  body(number: number, bytes: Uint8Array, start: number, end: number): void {
    this.#channel(number).body(bytes, start, end);
  }

  /** The connection is gone. */
  disconnected(): void {
    this.state = 'closed';
    this.output.clear();
  }

  /** When both sides close at once, the number is free only with the answer to our close. */
  #closedByBroker(channel: ClientChannel): void {
    this.#write(channel.number, { name: 'channel.close-ok' });
    channel.rest = undefined;
    if (channel.isClosing) channel.awaited.splice(0, channel.awaited.length - 1);
    else this.channels.delete(channel.number);
  }

  #connectionMethod(method: Method): void {
    switch (method.name) {
      case 'connection.start':
        return this.#write(0, startOk());
      case 'connection.tune': {
        const { frameMax, heartbeat } = this.#options;
        this.#write(0, { name: 'connection.tune-ok', channelMax: method.channelMax, frameMax, heartbeat });
        return this.#write(0, { name: 'connection.open', virtualHost: '/' });
      }
      case 'connection.open-ok':
        this.state = 'open';
        return;
      case 'connection.close':
        this.state = 'closed';
        return this.#write(0, { name: 'connection.close-ok' });
      default:
        check(method.name === 'connection.close-ok', () => `a client received ${method.name}`);
        this.state = 'closed';
    }
  }

  #channel(number: number): ClientChannel {
    const channel = this.channels.get(number);
    check(channel !== undefined, () => `a client received content on channel ${number}, which it has closed`);
    return channel;
  }

  #write(channel: number, method: Method): void {
    writer.reset();
    encodeMethod(writer, method);
    const start = this.output.beginFrame(METHOD_FRAME, channel, writer.length);
    copyBytes(this.output.payloads, start, writer.region, 0, writer.length);
  }

  #writeHeader(channel: number, message: SimMessage): void {
    const start = this.output.beginFrame(HEADER_FRAME, channel, CONTENT_HEAD_BYTES + message.template.sent.length);
    const { payloads } = this.output;
    payloads.view.setUint32(start, BASIC_CLASS << 16);
    payloads.view.setUint32(start + 4, 0);
    payloads.view.setUint32(start + 8, message.bodyBytes);
    putProperties(message, payloads, start + CONTENT_HEAD_BYTES);
  }

  #writeBody(channel: number, message: SimMessage, start: number, end: number, size: number): void {
    for (let from = start; from < end; from += size) {
      const bytes = Math.min(size, end - from);
      const at = this.output.beginFrame(BODY_FRAME, channel, bytes);
      putBody(message, from, this.output.payloads.bytes, at, bytes);
    }
  }
}

function remember(known: string[], name: string): void {
  if (known.includes(name)) return;
  known.push(name);
  if (known.length > KNOWN_MAX) known.shift();
}

function startOk(): Method {
  return {
    name: 'connection.start-ok',
    clientProperties: table({ capabilities: CAPABILITIES }),
    mechanism: 'PLAIN',
    response: new TextEncoder().encode('\0guest\0guest'),
    locale: 'en_US',
  };
}

function closing(name: 'channel.close' | 'connection.close'): Method {
  return { name, replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 };
}
