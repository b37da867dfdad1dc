/**
 * Who is at the other end of a socket, in the form that listings and log lines show.
 */

import type { Socket } from 'node:net';
import type { Peer } from '../protocols/session.ts';

/** The peer of a connected socket; undefined when it is gone already. */
export function peerOf(socket: Socket, tls: boolean): Peer | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  const local = plainAddress(localAddress);
  return {
    remoteAddress: plainAddress(remoteAddress),
    remotePort,
    localAddress: local,
    localPort,
    isLoopback: isLoopbackAddress(local),
    tls,
  };
}

/** An IPv4 address that came over an IPv6 socket is shown as what it is, as RabbitMQ does. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** True for 127.0.0.0/8 and ::1, given as `plainAddress` has them. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** `127.0.0.1:5672`, `[::1]:5672`. */
export function formatAddress(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
