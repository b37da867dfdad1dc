/**
 * The open connections of one broker: opens, ticks and closes them.
 */

import type { Socket } from 'node:net';
import { type Admission, EVERYBODY } from './admission.ts';
import { peerOf } from './peer.ts';
import type { OpenReading } from './socket-reading.ts';
import { readByEvents } from './socket-reading.ts';
import type { ConnectionContext } from './socket-transport.ts';
import { SocketTransport } from './socket-transport.ts';

export class Connections {
  readonly #context: ConnectionContext;
  readonly #openReading: OpenReading;
  readonly #admission: Admission;
  readonly #open = new Set<SocketTransport>();
  #onEmpty: (() => void) | undefined;

  /** @param admission told when a socket that was taken has closed */
  constructor(context: Omit<ConnectionContext, 'onClosed'>, openReading: OpenReading, admission = EVERYBODY) {
    const { protocol, turn, clock, limits, onRead } = context;
    this.#context = { protocol, turn, clock, limits, onRead, onClosed: (connection) => this.#closed(connection) };
    this.#openReading = openReading;
    this.#admission = admission;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Takes a new socket. One that is gone already is forgotten. */
  accept(socket: Socket, tls: boolean): void {
    const peer = peerOf(socket, tls);
    if (peer === undefined) {
      socket.destroy();
      this.#admission.leave();
      return;
    }
    const openReading = tls ? readByEvents : this.#openReading;
    const open = (receive: Parameters<OpenReading>[1]) => openReading(socket, receive);
    this.#open.add(new SocketTransport(this.#context, peer, open));
  }

  tick(nowMs: number): void {
    for (const connection of this.#open) connection.tick(nowMs);
  }

  /** Tells every client that the node stops; resolves when all are gone. */
  shutdown(): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of this.#open) connection.shutdown();
    this.#context.turn.schedule();
    this.#resolveWhenEmpty();
    return empty;
  }

  /** Drops all connections, whatever they still have to say. */
  destroy(): void {
    for (const connection of this.#open) connection.destroy();
  }

  #closed(connection: SocketTransport): void {
    this.#open.delete(connection);
    this.#admission.leave();
    this.#resolveWhenEmpty();
  }

  #resolveWhenEmpty(): void {
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}
