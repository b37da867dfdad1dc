/**
 * A broker's network side: its listeners, its connections and the one timer that moves them; starts and stops them.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { LogLines } from '../core/log-lines.ts';
import type { Protocol } from '../protocols/session.ts';
import { type Admission, EVERYBODY } from './admission.ts';
import { Connections } from './connections.ts';
import { Listener, type TcpOptions } from './listener.ts';
import { formatAddress } from './peer.ts';
import type { OpenReading } from './socket-reading.ts';
import { READ_BUFFER_BYTES, readInto } from './socket-reading.ts';
import type { ConnectionLimits } from './socket-transport.ts';
import type { ListenerTls } from './tls-material.ts';
import type { Turn } from './turn.ts';
import type { TurnClock } from './turn-clock.ts';

/** How often sessions hear of the time: fine enough for the shortest heartbeat of one second. */
const TICK_MS = 500;
/** Dropping ten thousand stubborn clients takes most of another second: a stop ends within two. */
const SHUTDOWN_MS = 1000;

/** A place to listen at. */
export interface ListenRequest {
  /** An address or a host name; `::` is all of them, `localhost` both loopback addresses. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: ListenerTls;
}

export interface ServerOptions {
  readonly protocol: Protocol;
  readonly turn: Turn;
  readonly clock: TurnClock;
  readonly limits: ConnectionLimits;
  readonly listen: readonly ListenRequest[];
  readonly tcp: TcpOptions;
  readonly logLines: LogLines;
  /** How plain sockets are read; a shared buffer unless given. */
  readonly openReading?: OpenReading;
  /** How long clients may take to say goodbye when the node stops; a second unless given. */
  readonly shutdownMs?: number;
  /** Counts sockets; anybody may come unless given. */
  readonly admission?: Admission;
  /** Called after each read of a socket has been handled. */
  readonly onRead?: () => void;
  /** Called about twice a second. */
  readonly onTick?: () => void;
}

export class Server {
  readonly listeners: readonly Listener[];
  readonly #turn: Turn;
  readonly #logLines: LogLines;
  readonly #connections: Connections;
  readonly #shutdownMs: number;
  readonly #timer: NodeJS.Timeout;
  #stopped: Promise<void> | undefined;

  /** @throws ListenError when one of the places cannot be listened at; then none is */
  static async start(options: ServerOptions): Promise<Server> {
    const openReading = options.openReading ?? readInto(new Uint8Array(READ_BUFFER_BYTES));
    const connections = new Connections(options, openReading, options.admission);
    const listeners: Listener[] = [];
    try {
      for (const request of options.listen) listeners.push(...(await listen(request, options, connections)));
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
    return new Server(options, listeners, connections);
  }

  private constructor(options: ServerOptions, listeners: readonly Listener[], connections: Connections) {
    this.listeners = listeners;
    this.#turn = options.turn;
    this.#logLines = options.logLines;
    this.#connections = connections;
    this.#shutdownMs = options.shutdownMs ?? SHUTDOWN_MS;
    this.#timer = setInterval(() => {
      // The turn comes first: it moves the clock.
      options.turn.schedule();
      connections.tick(options.clock.now());
      options.onTick?.();
    }, TICK_MS);
    for (const listener of listeners) options.logLines.info(`started ${nameOf(listener)}`);
  }

  get connectionCount(): number {
    return this.#connections.count;
  }

  /** Closes the listeners, tells the clients, and ends within two seconds whatever they do. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    for (const listener of this.listeners) {
      listener.close();
      this.#logLines.info(`stopped ${nameOf(listener)}`);
    }
    const cancel = new AbortController();
    const allGone = this.#connections.shutdown();
    const inTime = delay(this.#shutdownMs, undefined, { signal: cancel.signal }).catch(() => undefined);
    await Promise.race([allGone, inTime]);
    cancel.abort();
    this.#connections.destroy();
    await allGone;
    clearInterval(this.#timer);
    // What the last connections gave back.
    this.#turn.end();
  }
}

/** RabbitMQ's words. */
function nameOf(listener: Listener): string {
  return `${listener.isTls ? 'TLS (SSL)' : 'TCP'} listener on ${formatAddress(listener.address, listener.port)}`;
}

/** `localhost` is two addresses, and which of them a client tries first is not ours to say. */
async function listen(request: ListenRequest, options: ServerOptions, connections: Connections): Promise<Listener[]> {
  const { logLines, tcp, admission = EVERYBODY } = options;
  const onConnection: Connections['accept'] = (socket, tls) => connections.accept(socket, tls);
  const open = (address: string, port: number) =>
    Listener.open({ ...request, address, port, onConnection, admission, logLines, tcp });
  if (request.address !== 'localhost') return [await open(request.address, request.port)];
  const ipv4 = await open('127.0.0.1', request.port);
  const ipv6 = await open('::1', ipv4.port).catch((error: Error) => {
    logLines.info(error.message);
    return undefined;
  });
  return ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
}
