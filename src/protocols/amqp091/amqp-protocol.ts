/**
 * AMQP 0-9-1 for the server: opens a session for each connection, all with the same options.
 */

import type { ChunkPool } from '../../base/output.ts';
import type { Authenticator, SaslMechanism } from '../../core/authentication.ts';
import type { Broker } from '../../core/broker.ts';
import type { LogLines } from '../../core/log-lines.ts';
import type { Protocol, Session, Transport } from '../session.ts';
import type { OpenChannel } from './channel-contract.ts';
import { AmqpConnection } from './connection.ts';
import { type Identity, serverProperties } from './identity.ts';
import type { Method } from './methods.ts';
import type { Tuning } from './tuning.ts';

export interface AmqpLimits {
  /** The largest frame before tune-ok, in bytes. */
  readonly handshakeFrameMax: number;
  /** From the accepted socket to connection.open. */
  readonly handshakeMs: number;
  /** Output of one connection from which on answers hold its input and deliveries wait. */
  readonly outputBytesMax: number;
  readonly messageBytesMax: number;
  /** Consumers of one channel; 0 is unlimited. */
  readonly consumersMax: number;
}

export interface AmqpOptions {
  readonly broker: Broker;
  readonly openChannel: OpenChannel;
  readonly authenticator: Authenticator;
  /** In the order in which they are offered. */
  readonly mechanisms: readonly SaslMechanism[];
  /** What is offered to clients. */
  readonly tuning: Tuning;
  readonly limits: AmqpLimits;
  readonly identity: Identity;
  readonly chunkPool: ChunkPool;
  readonly log: LogLines;
}

/** What all connections share. */
export interface AmqpContext extends AmqpOptions {
  readonly start: Method;
}

export class AmqpProtocol implements Protocol {
  readonly #context: AmqpContext;

  constructor(options: AmqpOptions) {
    this.#context = { ...options, start: startMethod(options) };
  }

  openSession(transport: Transport): Session {
    return new AmqpConnection(this.#context, transport);
  }
}

function startMethod({ identity, mechanisms }: AmqpOptions): Method {
  return {
    name: 'connection.start',
    versionMajor: 0,
    versionMinor: 9,
    serverProperties: serverProperties(identity),
    mechanisms: new TextEncoder().encode(mechanisms.map(({ name }) => name).join(' ')),
    locales: new TextEncoder().encode('en_US'),
  };
}
