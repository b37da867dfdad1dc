/**
 * Listens on one address, plain or TLS, and hands accepted sockets on.
 */

import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { LogLines } from '../core/log-lines.ts';
import type { Admission } from './admission.ts';
import { formatAddress, plainAddress } from './peer.ts';
import { refusedCertificate } from './peer-certificate.ts';
import { errorCode } from './system-error.ts';
import type { ListenerTls } from './tls-material.ts';

/** Every address of the machine, IPv4 and IPv6. */
export const ALL_ADDRESSES = '::';

/** How the system treats the sockets. */
export interface TcpOptions {
  /** How many connections may wait to be accepted. */
  readonly backlog: number;
  /** TCP_NODELAY and SO_KEEPALIVE of those that are accepted. */
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
}

export interface ListenerOptions {
  /** An address or a host name. `::` falls back to `0.0.0.0` on a machine without IPv6. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: ListenerTls;
  readonly tcp: TcpOptions;
  /** Takes a connection that has not begun to read; after the handshake for TLS. */
  readonly onConnection: (socket: Socket, tls: boolean) => void;
  /** Sockets that are handed on have entered; who takes them says when they leave. */
  readonly admission: Admission;
  readonly logLines: LogLines;
}

/** Sockets that are not handed on yet, by the client's address and port. */
type Handshaking = Map<string, Socket>;

/** A listener could not start; the text says where, why and what helps. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export class Listener {
  readonly address: string;
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  readonly isTls: boolean;
  readonly #server: Server;
  readonly #handshaking: Handshaking;

  /** @throws ListenError when the address cannot be listened on */
  static async open(options: ListenerOptions): Promise<Listener> {
    try {
      return await openOn(options, options.address);
    } catch (error) {
      if (options.address === ALL_ADDRESSES && isWithoutIpv6(error)) return openOn(options, '0.0.0.0');
      throw listenError(error, options);
    }
  }

  constructor(server: Server, handshaking: Handshaking, isTls: boolean) {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new ListenError('the listener has no port');
    this.address = bound.address;
    this.port = bound.port;
    this.isTls = isTls;
    this.#server = server;
    this.#handshaking = handshaking;
  }

  /** Accepts no more. Connections that were handed on stay open. */
  close(): void {
    this.#server.close();
    for (const socket of this.#handshaking.values()) socket.destroy();
  }
}

async function openOn(options: ListenerOptions, address: string): Promise<Listener> {
  const handshaking: Handshaking = new Map();
  const server = options.tls === undefined ? plainServer(options) : tlsServer(options, options.tls, handshaking);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port: options.port, backlog: options.tcp.backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => options.logLines.error(`cannot accept a connection: ${error.message}`));
  return new Listener(server, handshaking, options.tls !== undefined);
}

function plainServer(options: ListenerOptions): Server {
  // Reading begins only once the session is there.
  const server = createServer({ pauseOnConnect: true, noDelay: options.tcp.noDelay, keepAlive: options.tcp.keepAlive });
  server.on('connection', (socket) => {
    if (options.admission.enter()) options.onConnection(socket, false);
    else socket.destroy();
  });
  return server;
}

function tlsServer(options: ListenerOptions, tls: ListenerTls, handshaking: Handshaking): Server {
  const { verifyDepth = Number.POSITIVE_INFINITY } = tls;
  const { admission } = options;
  const server = createTlsServer({ ...tls, noDelay: options.tcp.noDelay, keepAlive: options.tcp.keepAlive });
  server.on('connection', (socket) => {
    if (!admission.enter()) {
      socket.destroy();
      return;
    }
    const peer = remoteName(socket);
    handshaking.set(peer, socket);
    socket.once('close', () => {
      if (handshaking.delete(peer)) admission.leave();
    });
  });
  server.on('secureConnection', (socket) => {
    const peer = remoteName(socket);
    handshaking.delete(peer);
    const refused = tls.requestCert === true ? refusedCertificate(socket, { depth: verifyDepth }) : undefined;
    if (refused !== undefined) {
      admission.leave();
      options.logLines.warning(`TLS client ${peer} refused: ${refused}`);
      socket.destroy();
      return;
    }
    options.onConnection(socket, true);
  });
  server.on('tlsClientError', (error, socket) => {
    // Common on an open port: scanners, plain clients, wrong certificates.
    options.logLines.warning(`TLS handshake with ${addressOf(socket) ?? 'a client'} failed: ${error.message}`);
    socket.destroy();
  });
  return server;
}

function remoteName(socket: Socket): string {
  return formatAddress(addressOf(socket) ?? '', socket.remotePort ?? 0);
}

/** Undefined when the client is gone already. */
function addressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : plainAddress(remoteAddress);
}

function isWithoutIpv6(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL' || code === 'EINVAL';
}

function listenError(error: unknown, { address, port }: ListenerOptions): ListenError {
  const where = formatAddress(address, port);
  return new ListenError(`cannot listen on ${where}: ${reasonAndRemedy(error, port)}`, { cause: error });
}

function reasonAndRemedy(error: unknown, port: number): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `the port is in use, perhaps by another broker. Stop that program, or choose another port (0 takes a free one).`;
    case 'EACCES':
      return port < 1024
        ? 'ports below 1024 need special rights. Choose a port from 1024 up.'
        : 'the system does not allow this port. Choose another one.';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address. Use one of its own, or :: for all.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known. Use an address, or :: for all.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
