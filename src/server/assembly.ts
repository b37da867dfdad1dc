/**
 * Chooses the parts that a broker is made of: where it logs, who may log in, which protocol it speaks.
 */

import { hostname } from 'node:os';
import { Administration } from '../auth/administration.ts';
import { AdministrationError } from '../auth/administration-error.ts';
import { InternalAuthenticator } from '../auth/internal-authenticator.ts';
import { hashPassword } from '../auth/password-hash.ts';
import { Patterns } from '../auth/patterns.ts';
import { PermissionTable } from '../auth/permission-table.ts';
import { passwordMechanisms } from '../auth/sasl.ts';
import { Users } from '../auth/users.ts';
import type { Clock } from '../base/clock.ts';
import type { ChunkPool } from '../base/output.ts';
import type { Authenticator } from '../core/authentication.ts';
import { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import type { AmqpLimits } from '../protocols/amqp091/amqp-options.ts';
import { AmqpProtocol } from '../protocols/amqp091/amqp-protocol.ts';
import { Channel } from '../protocols/amqp091/channel.ts';
import type { Identity } from '../protocols/amqp091/identity.ts';
import type { Protocol } from '../protocols/session.ts';
import { MemoryLog } from '../storage/memory/memory-log.ts';
import { MemoryResidency } from '../storage/memory/memory-residency.ts';
import type { Configuration } from './config/configuration.ts';
import { ConfigurationError } from './config/configuration.ts';
import { SystemRandom } from './system-random.ts';
import { LEVERET_VERSION } from './version.ts';

export interface AssemblyOptions {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly pool: ChunkPool;
  readonly logLines: LogLines;
}

export interface Assembly {
  readonly broker: Broker;
  readonly protocol: Protocol;
  readonly administration: Administration;
}

/** The core, with the vhost and the user it begins with, and the protocol that serves it. */
export function assembleBroker(options: AssemblyOptions): Assembly {
  const { configuration, clock, logLines } = options;
  const users = new Users();
  const permissions = new PermissionTable(users, new Patterns(logLines));
  const broker = new Broker({
    clock,
    random: new SystemRandom(),
    log: new MemoryLog(),
    permissions,
    logLines,
    nodeLimits: {
      nodeName: `rabbit@${hostname()}`,
      connectionsMax: configuration.connectionMax,
      channelsMax: configuration.channelMaxPerNode,
    },
    openResidency: (messages, pump) => new MemoryResidency(messages, pump, ALWAYS_RESIDENT),
  });
  broker.addVhost(configuration.defaultVhost);
  addDefaultUser(configuration, users, permissions);
  const { loopbackUsers } = configuration;
  const authenticator = new InternalAuthenticator({ users, permissions, loopbackUsers });
  return {
    broker,
    protocol: amqpProtocol(broker, authenticator, options),
    administration: new Administration({ users, permissions, broker, logLines }),
  };
}

/** @throws ConfigurationError when a permission is no pattern */
function addDefaultUser(configuration: Configuration, users: Users, permissions: PermissionTable): void {
  const { defaultUser, defaultVhost, defaultConfigure, defaultWrite, defaultRead } = configuration;
  const password = hashPassword(configuration.defaultPass);
  users.add({ name: defaultUser, password, tags: configuration.defaultUserTags });
  const patterns = { configure: defaultConfigure, write: defaultWrite, read: defaultRead };
  try {
    permissions.set({ user: defaultUser, vhost: defaultVhost, ...patterns });
  } catch (error) {
    if (error instanceof AdministrationError) throw new ConfigurationError(`default_permissions: ${error.message}`);
    throw error;
  }
}

/** There is no disk to page out to. */
const ALWAYS_RESIDENT = { shouldPageOut: () => false, turnsLate: () => 1 };

function amqpProtocol(
  broker: Broker,
  authenticator: Authenticator,
  { configuration, pool, logLines }: AssemblyOptions,
): Protocol {
  return new AmqpProtocol({
    broker,
    openChannel: (number, host) => new Channel(number, host),
    authenticator,
    mechanisms: passwordMechanisms(authenticator),
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
