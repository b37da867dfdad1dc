/**
 * Chooses the parts that a broker is made of: where it logs, who may log in, which protocol it speaks.
 */

import { hostname } from 'node:os';
import { FixedUsers } from '../auth/fixed-users.ts';
import { passwordMechanisms } from '../auth/sasl.ts';
import type { Clock } from '../base/clock.ts';
import type { ChunkPool } from '../base/output.ts';
import { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import type { Permissions } from '../core/ports.ts';
import type { AmqpLimits } from '../protocols/amqp091/amqp-options.ts';
import { AmqpProtocol } from '../protocols/amqp091/amqp-protocol.ts';
import { Channel } from '../protocols/amqp091/channel.ts';
import type { Identity } from '../protocols/amqp091/identity.ts';
import type { Protocol } from '../protocols/session.ts';
import { MemoryLog } from '../storage/memory/memory-log.ts';
import { MemoryResidency } from '../storage/memory/memory-residency.ts';
import type { Configuration } from './config/configuration.ts';
import { SystemRandom } from './system-random.ts';
import { LEVERET_VERSION } from './version.ts';

export interface AssemblyOptions {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly pool: ChunkPool;
  readonly logLines: LogLines;
}

/** The core, with the vhost it begins with, and the protocol that serves it. */
export function assembleBroker(options: AssemblyOptions): { broker: Broker; protocol: Protocol } {
  const { configuration, clock } = options;
  const broker = new Broker({
    clock,
    random: new SystemRandom(),
    log: new MemoryLog(),
    permissions: FULL_PERMISSIONS,
    nodeLimits: {
      nodeName: `rabbit@${hostname()}`,
      connectionsMax: configuration.connectionMax,
      channelsMax: configuration.channelMaxPerNode,
    },
    openResidency: (messages, pump) => new MemoryResidency(messages, pump, ALWAYS_RESIDENT),
  });
  broker.addVhost(configuration.defaultVhost);
  return { broker, protocol: amqpProtocol(broker, options) };
}

/** The one user that there is may do everything. */
const FULL_PERMISSIONS: Permissions = { epoch: 0, mayAccess: () => true };

/** There is no disk to page out to. */
const ALWAYS_RESIDENT = { shouldPageOut: () => false, turnsLate: () => 1 };

function amqpProtocol(broker: Broker, { configuration, pool, logLines }: AssemblyOptions): Protocol {
  const { defaultUser, defaultPass, loopbackUsers } = configuration;
  const users = new FixedUsers([{ name: defaultUser, password: defaultPass }], { loopbackUsers });
  return new AmqpProtocol({
    broker,
    openChannel: (number, host) => new Channel(number, host),
    authenticator: users,
    mechanisms: passwordMechanisms(users),
    tuning: configuration,
    limits: amqpLimits(configuration),
    identity: identity(configuration),
    chunkPool: pool,
    log: logLines,
  });
}

function amqpLimits(configuration: Configuration): AmqpLimits {
  const { consumerMaxPerChannel } = configuration;
  return {
    handshakeFrameMax: configuration.initialFrameMax,
    handshakeMs: configuration.handshakeTimeout,
    outputBytesMax: configuration.outputBuffer,
    messageBytesMax: configuration.maxMessageSize,
    consumersMax: Number.isFinite(consumerMaxPerChannel) ? consumerMaxPerChannel : 0,
  };
}

function identity({ clusterName, rabbitmqVersion }: Configuration): Identity {
  return {
    rabbitmqVersion,
    leveretVersion: LEVERET_VERSION,
    clusterName: clusterName === '' ? `rabbit@${hostname()}` : clusterName,
    platform: `Node.js ${process.versions.node}`,
  };
}
