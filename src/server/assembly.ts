/**
 * Chooses the parts that a broker is made of: where it logs, who may log in, which protocol it speaks.
 */

import { Administration } from '../auth/administration.ts';
import { AdministrationError } from '../auth/administration-error.ts';
import { DefaultUsers } from '../auth/default-users.ts';
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
import { IncompleteBodies } from '../core/incomplete-bodies.ts';
import type { LogLines } from '../core/log-lines.ts';
import { Messages } from '../core/messages.ts';
import type { Log, MemoryUse, Residency } from '../core/ports.ts';
import type { Pump } from '../core/pump.ts';
import type { Queue } from '../core/queue/queue.ts';
import type { AmqpLimits } from '../protocols/amqp091/amqp-options.ts';
import { AmqpProtocol } from '../protocols/amqp091/amqp-protocol.ts';
import { Channel } from '../protocols/amqp091/channel.ts';
import type { Identity } from '../protocols/amqp091/identity.ts';
import type { Protocol } from '../protocols/session.ts';
import { DefinitionState } from '../storage/definition-state.ts';
import { MemoryLog } from '../storage/memory/memory-log.ts';
import { MemoryResidency } from '../storage/memory/memory-residency.ts';
import type { Configuration } from './config/configuration.ts';
import { ConfigurationError } from './config/configuration.ts';
import { DurableTickets } from './durable-tickets.ts';
import { nodeName } from './node-name.ts';
import type { MemoryBudget } from './resources/memory-budget.ts';
import { openMemoryBudget } from './resources/open-memory-budget.ts';
import { restoreDefinitions } from './restore-definitions.ts';
import { SystemRandom } from './system-random.ts';
import { LEVERET_VERSION } from './version.ts';

/** Where definitions and messages are kept. */
export interface Storage {
  readonly log: Log;
  /** To which the log keeps references, if it does. */
  readonly messages?: Messages;
  /** Where messages go that are not to stay in memory; nowhere unless given. */
  openResidency?(messages: Messages, pump: Pump, memory: MemoryUse): Residency;
  /** What the log had when it was opened; empty for a new one. */
  readonly definitions: DefinitionState;
}

export interface AssemblyOptions {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly pool: ChunkPool;
  readonly logLines: LogLines;
  /** In memory unless given. */
  readonly storage?: Storage | undefined;
  /** Asks for a turn. */
  readonly scheduleTurn: () => void;
}

export interface Assembly {
  readonly broker: Broker;
  /** Those that the log kept, by their ids and without messages. */
  readonly restoredQueues: ReadonlyMap<number, Queue>;
  /** To be told when a turn has ended. */
  readonly tickets: DurableTickets;
  readonly budget: MemoryBudget;
  readonly protocol: Protocol;
  readonly authenticator: Authenticator;
  readonly administration: Administration;
}

/** The core, with what its log kept or with the vhost and the user it begins with, and the protocol that serves it. */
export function assembleBroker(options: AssemblyOptions): Assembly {
  const { configuration, clock, pool, logLines } = options;
  const storage = options.storage ?? inMemory();
  const { log, messages = new Messages(), definitions } = storage;
  const users = new Users(log);
  const patterns = new Patterns(logLines);
  const permissions = new PermissionTable(users, patterns, log);
  const incompleteBodies = new IncompleteBodies();
  const budget = openMemoryBudget({ messages, incompleteBodies, pool, configuration, logLines });
  const broker = new Broker({
    clock,
    random: new SystemRandom(),
    log,
    messages,
    incompleteBodies,
    permissions,
    logLines,
    nodeLimits: {
      nodeName: nodeName(),
      connectionsMax: configuration.connectionMax,
      channelsMax: configuration.channelMaxPerNode,
    },
    openResidency: (messages, pump) =>
      storage.openResidency?.(messages, pump, budget) ?? new MemoryResidency(messages, pump, ALWAYS_RESIDENT),
  });
  const restoredQueues = restoreDefinitions(definitions, { broker, users, permissions, logLines });
  const defaultUsers = configured('default_users', () => {
    return new DefaultUsers({ wanted: configuration.defaultUsers, users, permissions, patterns, logLines });
  });
  if (definitions.isEmpty) addDefaults(configuration, { broker, users, permissions, defaultUsers });
  const { loopbackUsers } = configuration;
  const authenticator = new InternalAuthenticator({ users, permissions, loopbackUsers });
  const tickets = new DurableTickets(log, options.scheduleTurn);
  return {
    broker,
    restoredQueues,
    tickets,
    budget,
    protocol: amqpProtocol(broker, authenticator, options),
    authenticator,
    administration: new Administration({ users, permissions, broker, logLines, defaultUsers, durability: tickets }),
  };
}

function inMemory(): Storage {
  return { log: new MemoryLog(), definitions: new DefinitionState() };
}

interface Beginning {
  readonly broker: Broker;
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly defaultUsers: DefaultUsers;
}

/**
 * What an empty node begins with, which is recorded like all else: a user who changes it finds it changed after a restart.
 * @throws ConfigurationError when a permission is no pattern; nothing is recorded then
 */
function addDefaults(configuration: Configuration, { broker, users, permissions, defaultUsers }: Beginning): void {
  const { defaultUser: user, defaultVhost: vhost, defaultUserTags: tags } = configuration;
  const { defaultConfigure: configure, defaultWrite: write, defaultRead: read } = configuration;
  configured('default_permissions', () => permissions.assertPatterns(configure, write, read));
  broker.addVhost(vhost, DEFAULT_METADATA);
  users.add({ name: user, password: hashPassword(configuration.defaultPass), tags });
  permissions.set({ user, vhost, configure, write, read });
  defaultUsers.vhostAdded(vhost);
}

/** @throws ConfigurationError that names the key, when what it configures is refused */
function configured<Result>(key: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof AdministrationError) throw new ConfigurationError(`${key}: ${error.message}`);
    throw error;
  }
}

/** RabbitMQ's. */
const DEFAULT_METADATA = { description: 'Default virtual host', tags: [], defaultQueueType: undefined };

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

function identity(configuration: Configuration): Identity {
  const { clusterName, rabbitmqProduct, rabbitmqVersion, productName, productVersion } = configuration;
  return {
    product: rabbitmqProduct,
    rabbitmqVersion,
    productName,
    productVersion: productVersion === '' ? LEVERET_VERSION : productVersion,
    leveretVersion: LEVERET_VERSION,
    clusterName: clusterName === '' ? nodeName() : clusterName,
    platform: `Node.js ${process.versions.node}`,
  };
}
