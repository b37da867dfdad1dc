/**
 * One connection: moves bytes between a socket and its session. Reads as long as neither the session nor the turn's
 * share says stop; writes once a turn, and the next write only when the former is complete.
 */

import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { OutputBatch } from '../base/output.ts';
import type { Peer, Protocol, Session, Transport } from '../protocols/session.ts';
import type { Receive } from './socket-reading.ts';
import { writeParts } from './socket-writing.ts';
import type { Turn, TurnConnection } from './turn.ts';

/** Limits of one connection. */
export interface ConnectionLimits {
  /** One connection hands in at most this much per turn, rounded up to a whole read; then the others have their say. */
  readonly readBytesPerTurn: number;
  /** With so much unwritten the session holds back; once there is less, it is told. The protocol has the same limit. */
  readonly outputBytesMax: number;
  /** A closing connection whose output the client does not take is dropped after this time. */
  readonly closeWriteMs: number;
  /** A closing connection that is written and whose client does not close is dropped after this time. */
  readonly closeGraceMs: number;
}

/** What a connection gets from the server that it belongs to. */
export interface ConnectionContext {
  readonly protocol: Protocol;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly limits: ConnectionLimits;
  /** Called after each read has been handled. */
  readonly onRead?: (() => void) | undefined;
  /** Called after `session.closed`. */
  readonly onClosed: (connection: SocketTransport) => void;
}

export class SocketTransport implements Transport, TurnConnection {
  readonly peer: Peer;
  readonly session: Session;
  isClosed = false;
  isTouched = false;

  readonly #context: ConnectionContext;
  readonly #socket: Socket;
  /** Closing: what is unwritten goes out, what comes in is dropped. Ending: everything is out. */
  #state: 'open' | 'closing' | 'ending' = 'open';
  #deadlineMs = 0;
  #inFlight: OutputBatch | undefined;
  #readBytes = 0;
  #isOverShare = false;
  #isHeldBySession = false;

  /** @param open connects reading; answers the socket to write to */
  constructor(context: ConnectionContext, peer: Peer, open: (receive: Receive) => Socket) {
    this.#context = context;
    this.peer = peer;
    this.#socket = open((bytes, end) => this.#receive(bytes, end));
    // An error is always followed by 'close', where everything is given back.
    this.#socket.on('error', () => {});
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#socketClosed());
    // The session notes when it began: the turn moves the clock.
    context.turn.schedule();
    this.session = context.protocol.openSession(this);
  }

  touch(): void {
    this.#context.turn.touch(this);
  }

  pauseReading(): void {
    this.#isHeldBySession = true;
    this.#updateReading();
  }

  resumeReading(): void {
    this.#isHeldBySession = false;
    this.#updateReading();
  }

  closeAfterWrite(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#deadlineMs = this.#context.clock.now() + this.#context.limits.closeWriteMs;
    // Bytes left unread would make the operating system reset the connection, and the client lose our last words.
    this.#updateReading();
    this.touch();
  }

  destroy(): void {
    this.#state = 'ending';
    this.#socket.destroy();
  }

  turnEnded(): void {
    this.#readBytes = 0;
    if (this.#isOverShare) {
      this.#isOverShare = false;
      this.#updateReading();
    }
    this.#write();
  }

  /** Time passes: about twice a second. */
  tick(nowMs: number): void {
    if (this.#state === 'open') this.session.tick(nowMs);
    else if (nowMs >= this.#deadlineMs) this.#socket.destroy();
  }

  /** The node stops. */
  shutdown(): void {
    if (this.#state === 'open') this.session.shutdown();
  }

  #receive(bytes: Uint8Array, end: number): void {
    if (this.#state !== 'open' || this.isClosed) return;
    const { turn, limits } = this.#context;
    turn.readBegins();
    turn.touch(this);
    this.session.receive(bytes, 0, end);
    this.#context.onRead?.();
    this.#readBytes += end;
    if (this.#readBytes >= limits.readBytesPerTurn && !this.#isOverShare) {
      this.#isOverShare = true;
      this.#updateReading();
    }
    turn.readEnds(end === bytes.length);
  }

  #updateReading(): void {
    if (this.#socket.destroyed) return;
    const mayRead = this.#state !== 'open' || !(this.#isHeldBySession || this.#isOverShare);
    if (mayRead) this.#socket.resume();
    else this.#socket.pause();
  }

  #write(): void {
    if (this.#inFlight !== undefined || this.#socket.destroyed) return;
    const output = this.session.output;
    if (output.hasBytes) this.#send(output.take());
    else if (this.#state === 'closing') this.#end();
  }

  #send(batch: OutputBatch): void {
    this.#inFlight = batch;
    writeParts(this.#socket, batch.parts, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (this.isClosed) return;
    const wasFull = this.#isFull();
    this.#giveBackInFlight();
    if (error) this.#socket.destroy();
    if (this.#socket.destroyed) return;
    this.#write();
    if (!wasFull || this.#isFull() || this.#state !== 'open') return;
    // What was held back goes out in a turn.
    this.touch();
    this.session.drained();
  };

  #isFull(): boolean {
    return this.session.output.pendingBytes >= this.#context.limits.outputBytesMax;
  }

  #end(): void {
    this.#state = 'ending';
    this.#deadlineMs = this.#context.clock.now() + this.#context.limits.closeGraceMs;
    this.#socket.end();
  }

  #giveBackInFlight(): void {
    if (this.#inFlight === undefined) return;
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    this.session.output.done(batch);
  }

  /** The handle is closed: nothing reads the memory of a write any more. */
  #socketClosed(): void {
    this.isClosed = true;
    this.#giveBackInFlight();
    // Before the session hears of it: the turn moves the clock.
    this.#context.turn.schedule();
    this.session.closed();
    this.session.output.discard();
    this.#context.onClosed(this);
  }
}
