/**
 * A connection without a socket: what the broker writes waits here until the client takes it, in pieces of any size;
 * reading can be paused; and it can be cut at any moment. It does what the server's transport does, in the same order.
 */

import type { OutputBatch } from '../../../src/base/output.ts';
import type { Peer, Protocol, Session, Transport } from '../../../src/protocols/session.ts';
import type { Turn, TurnConnection } from '../../../src/server/turn.ts';
import { check } from '../failure.ts';
import type { BytePipe } from './byte-pipe.ts';

/** What a transport gets from the world. */
export interface SimTransportOptions {
  /** The broker that it connects to. */
  readonly node: { readonly protocol: Protocol; readonly turn: Turn };
  readonly port: number;
  readonly outputBytesMax: number;
  /** Sees every byte that the broker writes, as soon as it has been written. */
  readonly onOutput: (bytes: Uint8Array) => void;
}

const INPUT_BYTES_MAX = 64 * 1024;
/** What the buffer holds after a call: whoever kept a part of it has this. */
const POISON = 0xa5;

const input = new Uint8Array(INPUT_BYTES_MAX);

export class SimTransport implements Transport, TurnConnection {
  readonly peer: Peer;
  readonly session: Session;
  isClosed = false;
  isTouched = false;
  /** The session asked for no more input. */
  isPaused = false;
  /** The session asked for the end: no more input, closed once everything is written. */
  isClosing = false;
  /** The session dropped the connection. */
  isDestroyed = false;

  readonly #options: SimTransportOptions;
  readonly #batches: OutputBatch[] = [];
  #part = 0;
  #offset = 0;

  constructor(options: SimTransportOptions) {
    this.#options = options;
    this.peer = {
      remoteAddress: '127.0.0.1',
      remotePort: options.port,
      localAddress: '127.0.0.1',
      localPort: 5672,
      isLoopback: true,
      tls: false,
    };
    this.session = options.node.protocol.openSession(this);
  }

  touch(): void {
    if (!this.isClosed) this.#options.node.turn.touch(this);
  }

  pauseReading(): void {
    this.isPaused = true;
  }

  resumeReading(): void {
    this.isPaused = false;
  }

  closeAfterWrite(): void {
    this.isClosing = true;
    this.touch();
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  turnEnded(): void {
    this.observe();
  }

  /** Everything is written that the broker had to say before it closes. */
  get isFinished(): boolean {
    return this.isDestroyed || (this.isClosing && !this.hasOutput && !this.session.output.hasBytes);
  }

  /** Bytes wait for the client. */
  get hasOutput(): boolean {
    return this.#batches.length > 0;
  }

  /** Takes what the session has written, and shows it. */
  observe(): void {
    const { output } = this.session;
    if (!output.hasBytes) return;
    const batch = output.take();
    this.#batches.push(batch);
    for (const part of batch.parts) this.#options.onOutput(part);
  }

  /** Up to `count` bytes arrive at the broker. */
  receive(pipe: BytePipe, count: number): void {
    const length = pipe.take(input, count);
    if (this.isClosing) return;
    this.touch();
    this.session.receive(input, 0, length);
    input.fill(POISON, 0, length);
  }

  /** Up to `count` bytes arrive at the client. */
  deliver(count: number, read: (bytes: Uint8Array, start: number, end: number) => void): void {
    let left = count;
    while (left > 0) {
      const batch = this.#batches[0];
      const part = batch?.parts[this.#part];
      if (batch === undefined || part === undefined) return;
      const end = Math.min(part.length, this.#offset + left);
      read(part, this.#offset, end);
      left -= end - this.#offset;
      this.#offset = end;
      if (end === part.length) this.#nextPart(batch);
    }
  }

  /** The connection is gone. */
  close(): void {
    check(!this.isClosed, () => 'a connection was closed twice');
    this.observe();
    this.isClosed = true;
    this.session.closed();
    this.observe();
    for (const batch of this.#batches) this.session.output.done(batch);
    this.#batches.length = 0;
    this.session.output.discard();
    this.#options.node.turn.schedule();
  }

  #nextPart(batch: OutputBatch): void {
    this.#offset = 0;
    this.#part++;
    if (this.#part < batch.parts.length) return;
    this.#part = 0;
    this.#batches.shift();
    const wasFull = this.#isFull;
    this.session.output.done(batch);
    if (!wasFull || this.#isFull || this.isClosing) return;
    this.touch();
    this.session.drained();
  }

  get #isFull(): boolean {
    return this.session.output.pendingBytes >= this.#options.outputBytesMax;
  }
}
