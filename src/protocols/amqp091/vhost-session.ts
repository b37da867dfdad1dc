/**
 * What a connection has from connection.open on, until it gives everything back: its vhost, its channels, and what may
 * hold its input.
 */

import type { BrokerError } from '../../core/errors.ts';
import type { OpenConnection } from '../../core/open-connections.ts';
import { Blocking } from './blocking.ts';
import type { OpenChannel } from './channel-contract.ts';
import { Channels } from './channels.ts';
import { ConnectionHost, type ConnectionHostOptions } from './connection-host.ts';
import type { ConnectionLog } from './connection-log.ts';
import type { Method } from './methods.ts';

export interface VhostSessionOptions extends ConnectionHostOptions {
  /** As the rest of the broker knows it. */
  readonly connection: OpenConnection;
  readonly openChannel: OpenChannel;
  readonly log: ConnectionLog;
  readonly channelMax: number;
  readonly isToldWhenBlocked: boolean;
  readonly send: (method: Method) => void;
  readonly fail: (channel: number, error: BrokerError, methodId: number) => void;
}

export class VhostSession {
  readonly channels: Channels;
  readonly #connection: OpenConnection;
  readonly #host: ConnectionHost;
  readonly #blocking: Blocking;

  constructor(options: VhostSessionOptions) {
    const { broker, isToldWhenBlocked, send, openChannel, log, channelMax, fail } = options;
    const blocking = new Blocking({ alarms: broker.alarms, isToldWhenBlocked, send });
    const host = new ConnectionHost(options, () => blocking.publishingToLog());
    this.channels = new Channels({
      host,
      openChannel,
      log,
      channelMax,
      fail,
      publishing: () => blocking.publishing(),
    });
    this.#connection = options.connection;
    this.#host = host;
    this.#blocking = blocking;
    broker.connections.add(options.connection);
  }

  /** No input is taken. */
  get isPaused(): boolean {
    return this.channels.isWaiting || this.#host.isHeld || this.#blocking.isBlocked;
  }

  /** The output has room again. @returns true when anybody was held back. */
  drained(): boolean {
    if (!this.#host.drained()) return false;
    this.channels.drained();
    return true;
  }

  alarmsChanged(): void {
    this.#blocking.update();
  }

  permissionsChanged(): void {
    this.channels.permissionsChanged();
  }

  /** After `close`: its exclusive queues are gone, which may take some turns when they are very many. */
  get isGone(): boolean {
    return this.#host.owner.exclusiveQueues.size === 0;
  }

  /** Channels give back their messages, then the exclusive queues go. */
  close(): void {
    const { vhost, owner, broker } = this.#host;
    this.channels.closeAll();
    vhost.ownerClosed(owner);
    broker.connections.remove(this.#connection);
    broker.ended.keep('session', this);
  }
}
