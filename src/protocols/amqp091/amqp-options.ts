/**
 * What the protocol is given by the server: the parts that it works with, and its limits.
 */

import type { ChunkPool } from '../../base/output.ts';
import type { Authenticator, SaslMechanism } from '../../core/authentication.ts';
import type { Broker } from '../../core/broker.ts';
import type { LogLines } from '../../core/log-lines.ts';
import type { OpenChannel } from './channel-contract.ts';
import type { Identity } from './identity.ts';
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
  /** connection.start, the same for everyone. */
  readonly start: Method;
}
