/**
 * One AMQP connection in memory, without sockets and timers: methods in, what the server wrote out, its log lines, and
 * channels that do what the test tells them.
 */

import { passwordMechanisms } from '../../src/auth/sasl.ts';
import { ByteReader } from '../../src/base/byte-reader.ts';
import { ByteWriter } from '../../src/base/byte-writer.ts';
import { type Region, regionOf } from '../../src/base/bytes.ts';
import { type FieldTable, table } from '../../src/base/field-table.ts';
import { ChunkPool } from '../../src/base/output.ts';
import { refusal } from '../../src/core/errors.ts';
import type { AmqpOptions } from '../../src/protocols/amqp091/amqp-options.ts';
import { AmqpProtocol } from '../../src/protocols/amqp091/amqp-protocol.ts';
import type { ChannelHost, ChannelPort } from '../../src/protocols/amqp091/channel-contract.ts';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame, writeMethodFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { decodeMethod, encodeMethod, findMethodName, type Method } from '../../src/protocols/amqp091/methods.ts';
import { encodeProperties, type Properties } from '../../src/protocols/amqp091/properties.ts';
import type { Peer, Session, Transport } from '../../src/protocols/session.ts';
import { type CoreBroker, coreBroker } from './core-broker.ts';
import { guestLogin } from './guest-login.ts';

export const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const PEER: Peer = {
  remoteAddress: '127.0.0.1',
  remotePort: 51234,
  localAddress: '127.0.0.1',
  localPort: 5672,
  isLoopback: true,
  tls: false,
};

const LIMITS = {
  handshakeFrameMax: 8192,
  handshakeMs: 10_000,
  outputBytesMax: 1000,
  messageBytesMax: 1_000_000,
  consumersMax: 0,
};

/** A channel that notes its calls; `onMethod` is what a method does. */
export class FakeChannel implements ChannelPort {
  readonly number: number;
  readonly host: ChannelHost;
  readonly calls: string[] = [];
  isWaiting = false;
  isTouched = false;
  isExpectingContent = false;
  /** Messages that come in one piece are taken so. */
  takesWhole = false;
  onMethod: (name: string) => void = () => {};
  onContent: () => void = () => {};
  onEndTurn: () => void = () => {};

  constructor(number: number, host: ChannelHost) {
    this.number = number;
    this.host = host;
  }

  method(id: number, _input: Region, _start: number, _end: number): void {
    const name = findMethodName(id) ?? 'unknown';
    this.calls.push(name);
    this.onMethod(name);
    this.host.touch(this);
  }

  expectMethod(): void {
    if (this.isExpectingContent) throw refusal.unexpectedFrame('expected content header for class 60');
  }

  header(_input: Region, start: number, end: number, _inputEnd: number): void {
    this.calls.push(`header ${end - start}`);
    this.onContent();
  }

  publish(_input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    if (!this.takesWhole) return false;
    this.calls.push(`publish ${end - start} ${headerEnd - end} ${bodyEnd - headerEnd}`);
    this.onMethod('basic.publish');
    return true;
  }

  body(_input: Region, start: number, end: number): void {
    this.calls.push(`body ${end - start}`);
    this.onContent();
  }

  endTurn(): void {
    this.onEndTurn();
    if (this.isWaiting) this.host.touch(this);
  }

  drained(): void {
    this.calls.push('drained');
  }

  permissionsChanged(): void {
    this.calls.push('permissions changed');
  }

  close(): void {
    this.calls.push('closed');
  }

  /** Writes an answer of so many bytes, about. */
  answer(bytes: number): void {
    const text = 'x'.repeat(200);
    for (let written = 0; written < bytes; written += 200) {
      writeMethodFrame(this.host.output, this.number, { name: 'basic.cancel-ok', consumerTag: text });
    }
    this.host.touch(this);
    this.host.answered();
  }
}

export class TestConnection implements Transport {
  readonly peer: Peer;
  readonly world: CoreBroker;
  readonly session: Session;
  readonly channels: FakeChannel[] = [];
  readonly lines: string[] = [];
  /** What happened to the socket: paused, resumed, closing, destroyed. */
  readonly events: string[] = [];
  isTouched = false;

  /** @param options `world`: another connection of the same broker. */
  constructor(
    options: { readonly peer?: Partial<Peer>; readonly amqp?: Partial<AmqpOptions>; readonly world?: CoreBroker } = {},
  ) {
    this.peer = { ...PEER, ...options.peer };
    this.world = options.world ?? coreBroker();
    const { authenticator } = guestLogin();
    const protocol = new AmqpProtocol({
      broker: this.world.broker,
      openChannel: (number, host) => this.#openChannel(number, host),
      authenticator,
      mechanisms: passwordMechanisms(authenticator),
      tuning: { channelMax: 2047, frameMax: 131_072, heartbeat: 60 },
      limits: LIMITS,
      identity: { rabbitmqVersion: '3.13.7', leveretVersion: '0.1.0', clusterName: 'rabbit@here', platform: 'Node.js' },
      chunkPool: new ChunkPool(),
      log: {
        info: (text) => void this.lines.push(`info ${text}`),
        warning: (text) => void this.lines.push(`warning ${text}`),
        error: (text) => void this.lines.push(`error ${text}`),
      },
      ...options.amqp,
    });
    this.session = protocol.openSession(this);
  }

  touch(): void {
    this.isTouched = true;
  }

  pauseReading(): void {
    this.events.push('paused');
  }

  resumeReading(): void {
    this.events.push('resumed');
  }

  closeAfterWrite(): void {
    this.events.push('closing');
  }

  destroy(): void {
    this.events.push('destroyed');
  }

  get lastEvent(): string | undefined {
    return this.events.at(-1);
  }

  /** The channel, which comes to be with its first method: when there was none yet, with one that leaves no trace. */
  channel(number: number): FakeChannel {
    const present = this.#findChannel(number);
    if (present !== undefined) return present;
    this.hold(method(number, { name: 'channel.flow', active: true }));
    const channel = this.#findChannel(number);
    if (channel === undefined) throw new Error(`channel ${number} was not opened`);
    channel.calls.length = 0;
    return channel;
  }

  #findChannel(number: number): FakeChannel | undefined {
    return this.channels.findLast((channel) => channel.number === number);
  }

  /** Hands in bytes. @returns what the server wrote, which the socket has taken. */
  send(...parts: readonly Uint8Array[]): string[] {
    this.hold(...parts);
    return this.written();
  }

  /** Hands in bytes, but the client reads nothing: what the server writes stays in its output. */
  hold(...parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts);
    this.session.receive(bytes, 0, bytes.length);
  }

  /** Takes what the server wrote, as text: `METHOD`, `CHANNEL METHOD`, or the close with all that it says. */
  written(): string[] {
    const batch = this.session.output.take();
    const bytes = Buffer.concat(batch.parts);
    this.session.output.done(batch);
    return describe(bytes);
  }

  /** Header, start-ok, tune-ok and open. @returns what the server wrote. */
  open(channelMax = 2047): string[] {
    return this.send(PROTOCOL_HEADER, startOk(), tuneOk({ channelMax }), open('/'));
  }

  /** The time passes, and the server ticks. @returns what the server wrote. */
  pass(ms: number): string[] {
    this.world.clock.advance(ms);
    this.session.tick(this.world.clock.now());
    return this.written();
  }

  #openChannel(number: number, host: ChannelHost): ChannelPort {
    const channel = new FakeChannel(number, host);
    this.channels.push(channel);
    return channel;
  }
}

export function method(channel: number, value: Method): Uint8Array {
  const writer = new ByteWriter();
  encodeMethod(writer, value);
  return encodeFrame(FRAME_TYPES.method, channel, writer.toBytes());
}

/** A method frame with any bytes behind class and method id. */
export function rawMethod(channel: number, classId: number, methodId: number, fields: Uint8Array): Uint8Array {
  const ids = Uint8Array.of(0, classId, 0, methodId);
  return encodeFrame(FRAME_TYPES.method, channel, Buffer.concat([ids, fields]));
}

/** The content header of a message without a body; without properties unless given. */
export function emptyContent(channel: number, properties: Properties = {}): Uint8Array {
  const basicClass = 60;
  const head = Uint8Array.of(0, basicClass, ...new Uint8Array(10));
  return encodeFrame(FRAME_TYPES.header, channel, Buffer.concat([head, encodeProperties(properties)]));
}

export interface StartOkOptions {
  readonly mechanism?: string;
  readonly response?: string;
  readonly properties?: FieldTable;
}

const CLIENT_PROPERTIES = table({
  capabilities: { authentication_failure_close: true, consumer_cancel_notify: true },
});

export function startOk(options: StartOkOptions = {}): Uint8Array {
  const { mechanism = 'PLAIN', response = '\0guest\0guest', properties = CLIENT_PROPERTIES } = options;
  return method(0, {
    name: 'connection.start-ok',
    clientProperties: properties,
    mechanism,
    response: Buffer.from(response),
    locale: 'en_US',
  });
}

export function tuneOk(
  options: { readonly channelMax?: number; readonly frameMax?: number; readonly heartbeat?: number } = {},
): Uint8Array {
  const { channelMax = 2047, frameMax = 131_072, heartbeat = 60 } = options;
  return method(0, { name: 'connection.tune-ok', channelMax, frameMax, heartbeat });
}

export function open(virtualHost: string): Uint8Array {
  return method(0, { name: 'connection.open', virtualHost });
}

export function openChannel(channel: number): Uint8Array {
  return method(channel, { name: 'channel.open' });
}

/** connection.close on channel 0, channel.close on any other. */
export function close(channel: number): Uint8Array {
  const name = channel === 0 ? 'connection.close' : 'channel.close';
  return method(channel, { name, replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 });
}

export function closeOk(channel: number): Uint8Array {
  return method(channel, { name: channel === 0 ? 'connection.close-ok' : 'channel.close-ok' });
}

function describe(bytes: Uint8Array): string[] {
  if (Buffer.from(bytes).toString('latin1').startsWith('AMQP')) return ['AMQP 0-9-1', ...describe(bytes.subarray(8))];
  const { view } = regionOf(bytes);
  const found: string[] = [];
  for (let position = 0; position < bytes.length; ) {
    const size = view.getUint32(position + 3);
    const payload = bytes.subarray(position + 7, position + 7 + size);
    found.push(describeFrame(view.getUint8(position), view.getUint16(position + 1), payload));
    position += size + 8;
  }
  return found;
}

function describeFrame(type: number, channel: number, payload: Uint8Array): string {
  const on = channel === 0 ? '' : `${channel} `;
  if (type === FRAME_TYPES.heartbeat) return `${on}heartbeat`;
  const reader = new ByteReader(regionOf(payload));
  const decoded = decodeMethod(reader.u32(), reader);
  if (decoded?.name === 'connection.blocked') return `${decoded.name} ${decoded.reason}`;
  if (decoded?.name !== 'connection.close' && decoded?.name !== 'channel.close') return `${on}${decoded?.name}`;
  const { name, replyCode, replyText, classId, methodId } = decoded;
  return `${on}${name} ${replyCode} ${replyText} ${classId}/${methodId}`;
}
