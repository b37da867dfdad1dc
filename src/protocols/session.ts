/**
 * The contract between a protocol and the server: a session turns bytes into commands and deliveries into bytes for one
 * connection. It owns no socket and no timer; the server (or the simulator) owns those and calls it.
 *
 * A turn: `receive` for every socket that had bytes; the core's pump; one flush of the log; `endTurn` for every session
 * that asked for it with `transport.touch()`; then one write per output that has bytes.
 */

import type { Output } from '../base/output.ts';

/** What a session may ask of its connection. None of these calls back into the session. */
export interface Transport {
  readonly peer: Peer;
  /** Asks for `endTurn` (and a write, when the output has bytes) at the end of this turn. Cheap; may be repeated. */
  touch(): void;
  /** No more `receive` until `resumeReading`. The session keeps what it already has. */
  pauseReading(): void;
  resumeReading(): void;
  /** Writes what the output holds, then closes. `receive` is not called again; `closed` comes once the socket is gone. */
  closeAfterWrite(): void;
  /** Drops the connection at once, unwritten output included. */
  destroy(): void;
}

/** Who is at the other end, for names in listings, log lines and the loopback rule. */
export interface Peer {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** True when the *local* address is a loopback one, IPv4-mapped included. */
  readonly isLoopback: boolean;
  readonly tls: boolean;
}

export interface Session {
  readonly output: Output;
  /**
   * Handles bytes `start` up to `end`. The buffer belongs to the caller: nothing of it is kept. After it has asked for
   * `pauseReading` it may be called once more with bytes that were already on their way, and keeps them aside.
   */
  receive(bytes: Uint8Array, start: number, end: number): void;
  /** The end of a turn in which the session was touched: the log has been flushed, `log.durable` is up to date. */
  endTurn(): void;
  /** The socket has taken everything that was written: a consumer that was held back may go on. */
  drained(): void;
  /** Called about twice a second: heartbeats and time-outs. */
  tick(nowMs: number): void;
  /** The node stops: tell the client (AMQP: 320) and close. */
  shutdown(): void;
  /** The connection is gone; everything it held is given back. Called exactly once. */
  closed(): void;
}

/** Makes a session for a new connection. */
export interface Protocol {
  openSession(transport: Transport): Session;
}
