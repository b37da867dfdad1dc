/**
 * A raw AMQP connection of a conformance case: sends methods or any bytes, keeps what the broker said as lines by channel,
 * and waits for events, never for time. It answers the broker's close frames unless told not to.
 */

import { connect, type Socket } from 'node:net';
import { ByteWriter } from '../../src/base/byte-writer.ts';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { encodeMethod, type Method, type MethodName } from '../../src/protocols/amqp091/methods.ts';
import { FrameCutter, type WireEvent } from './frames.ts';
import { lineOf } from './transcript.ts';

/** An answer that has not come by then never will; the line `no answer` stands in its place. */
const ANSWER_MS_MAX = 8000;

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
}

export interface WireClientOptions {
  readonly host: string;
  readonly port: number;
  /** What the names of this run of the case begin with. */
  readonly prefix: string;
}

export class WireClient {
  /** What was said so far, by channel. */
  readonly lines = new Map<number, string[]>();
  /** Names that the broker made, or that the case asks for again, by what they are called in the case. */
  readonly names = new Map<string, string>();
  /** Channels that are open. */
  readonly openChannels = new Set<number>();
  /** Off during steps that are not what the case is about; closes are kept all the same. */
  isRecording = true;
  answersClose = true;
  /** The port that this end of the connection has, once it is connected. */
  localPort = 0;
  readonly #socket: Socket;
  readonly #prefix: string;
  readonly #frames = new FrameCutter();
  readonly #counts = new Map<string, number>();
  /** Answers that are not to be kept, by channel and method: those to the suite's own questions. */
  readonly #skipped = new Map<string, number>();
  #waiters: Waiter[] = [];
  #hasEnded = false;

  constructor({ host, port, prefix }: WireClientOptions) {
    this.#prefix = prefix;
    this.#socket = connect(port, host);
    this.#socket.setNoDelay(true);
    this.#socket.on('connect', () => {
      this.localPort = this.#socket.localPort ?? 0;
    });
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    // A reset is one of the ways in which a connection ends: `close` follows.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#end());
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  send(bytes: Uint8Array): void {
    if (!this.#hasEnded) this.#socket.write(bytes);
  }

  sendMethod(channel: number, method: Method): void {
    this.send(methodFrame(channel, method));
  }

  /** How often a method has come on a channel. */
  count(channel: number, name: MethodName): number {
    return this.#counts.get(`${channel} ${name}`) ?? 0;
  }

  /** The next such answer is not kept. */
  skip(channel: number, name: MethodName): void {
    const key = `${channel} ${name}`;
    this.#skipped.set(key, (this.#skipped.get(key) ?? 0) + 1);
  }

  /** Waits until it holds, or until nothing more can come on the channel. */
  async until(channel: number, isDone: () => boolean): Promise<void> {
    const closes = this.#closes(channel);
    await this.#wait(channel, () => isDone() || this.#hasEnded || this.#closes(channel) > closes);
  }

  /** Waits until the broker has ended the connection. */
  async untilEnd(): Promise<void> {
    await this.#wait(0, () => this.#hasEnded);
  }

  /** Cuts the connection as a crash would. */
  drop(): void {
    this.#socket.destroy();
  }

  note(channel: number, line: string): void {
    const lines = this.lines.get(channel) ?? [];
    lines.push(line);
    this.lines.set(channel, lines);
  }

  #closes(channel: number): number {
    return this.count(channel, 'channel.close') + this.count(0, 'connection.close');
  }

  #wait(channel: number, isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.note(channel, 'no answer');
        this.drop();
      }, ANSWER_MS_MAX);
      this.#waiters.push({
        isDone,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
  }

  #receive(bytes: Buffer): void {
    for (const event of this.#frames.push(bytes)) {
      this.#keep(event);
      this.#serveWaiters();
    }
  }

  #keep(event: WireEvent): void {
    if (event.kind === 'heartbeat') return;
    const channel = event.kind === 'method' ? event.channel : 0;
    const key = event.kind === 'method' ? `${channel} ${event.method.name}` : '';
    const skipped = this.#skipped.get(key) ?? 0;
    if (skipped > 0) this.#skipped.set(key, skipped - 1);
    else if (this.isRecording || isClose(event)) this.note(channel, lineOf(event, this.#prefix));
    if (event.kind !== 'method') return;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#remember(event);
    this.#follow(channel, event.method);
  }

  /** Keeps the names that later steps may ask for. */
  #remember({ method, content }: WireEvent & { kind: 'method' }): void {
    if (method.name === 'queue.declare-ok') this.names.set('{queue}', method.queue);
    if (method.name === 'basic.consume-ok') this.names.set('{tag}', method.consumerTag);
    if (content?.properties.replyTo !== undefined) this.names.set('{replyTo}', content.properties.replyTo);
  }

  #follow(channel: number, method: Method): void {
    if (method.name === 'channel.close') {
      this.openChannels.delete(channel);
      if (this.answersClose) this.sendMethod(channel, { name: 'channel.close-ok' });
    } else if (method.name === 'channel.close-ok') this.openChannels.delete(channel);
    else if (method.name === 'channel.open-ok') this.openChannels.add(channel);
    else if (method.name === 'connection.close-ok') this.openChannels.clear();
    else if (method.name === 'connection.close' && this.answersClose) {
      this.sendMethod(0, { name: 'connection.close-ok' });
    }
  }

  #end(): void {
    this.#hasEnded = true;
    this.openChannels.clear();
    this.#serveWaiters();
  }

  #serveWaiters(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.isDone() && !this.#hasEnded) return true;
      waiter.resolve();
      return false;
    });
  }
}

function isClose(event: WireEvent): boolean {
  return event.kind === 'method' && (event.method.name === 'connection.close' || event.method.name === 'channel.close');
}

export function methodFrame(channel: number, method: Method): Uint8Array {
  const writer = new ByteWriter();
  encodeMethod(writer, method);
  return encodeFrame(FRAME_TYPES.method, channel, writer.toBytes());
}
