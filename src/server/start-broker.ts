/**
 * Puts a broker together from its configuration, and starts it.
 */

import { randomInt } from 'node:crypto';
import type { Administration } from '../auth/administration.ts';
import type { PermissionAdministration, TopicPermissionAdministration } from '../auth/permission-administration.ts';
import type { UserAdministration } from '../auth/user-administration.ts';
import type { VhostAdministration } from '../auth/vhost-administration.ts';
import type { DurationStats } from '../base/durations.ts';
import { ChunkPool } from '../base/output.ts';
import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import { Messages } from '../core/messages.ts';
import { NewerFormatError } from '../storage/disk/newer-format.ts';
import type { LogMetrics } from '../storage/disk/open-log.ts';
import { assembleBroker } from './assembly.ts';
import type { Configuration } from './config/configuration.ts';
import { DataDirectory, DataDirectoryError } from './data-directory.ts';
import type { Login } from './default-login.ts';
import { findDefaultLogin } from './default-login.ts';
import type { Listener } from './listener.ts';
import { ALL_ADDRESSES } from './listener.ts';
import { MemoryKeeper } from './memory-keeper.ts';
import { nodeName } from './node-name.ts';
import { formatAddress } from './peer.ts';
import { ResourceAlarms, type ResourceStats } from './resources/resource-alarms.ts';
import type { ListenRequest } from './server.ts';
import { Server } from './server.ts';
import { readByEvents } from './socket-reading.ts';
import { Store } from './store.ts';
import type { TlsMaterial } from './tls-material.ts';
import { tlsOptionsOf } from './tls-material.ts';
import { Turn } from './turn.ts';
import { TurnClock } from './turn-clock.ts';

/** A closing connection whose client does not read, or does not hang up, is dropped after these. */
const CLOSE_WRITE_MS = 10_000;
const CLOSE_GRACE_MS = 1000;

/** A place where the broker listens. */
export interface ListeningAddress {
  /** As the operating system has it; `::` and `0.0.0.0` are all addresses. */
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Counts at this moment. */
export interface BrokerStats extends ResourceStats {
  readonly connections: number;
}

/** What happened since the start, for whoever wants to know how well it goes. */
export interface BrokerMetrics {
  /** From the first input of a turn to its last answer. */
  readonly turns: DurationStats;
  /** Absent when everything is kept in memory. */
  readonly log?: LogMetrics;
}

/** A broker that serves. */
export interface RunningBroker {
  /** The port of plain AMQP connections; 0 when they are turned off. */
  readonly port: number;
  /** The port of TLS connections; absent without TLS. */
  readonly tlsPort?: number;
  /** What a client on this machine connects to, with the default user's login if that works at the moment. */
  readonly url: string;
  /** The default user's login; undefined while it does not work, as when the data directory has another password for it. */
  readonly login: Login | undefined;
  readonly addresses: readonly ListeningAddress[];
  /** The folder with its data, absolute; absent when everything is kept in memory. */
  readonly dataDir?: string;
  /** Who may log in. */
  readonly users: UserAdministration;
  readonly vhosts: VhostAdministration;
  /** Who may do what in which vhost. */
  readonly permissions: PermissionAdministration;
  /** Who may use which routing keys of topic exchanges. */
  readonly topicPermissions: TopicPermissionAdministration;
  /** @internal The core; its shape may change with any version. */
  readonly broker: Broker;
  stats(): BrokerStats;
  metrics(): BrokerMetrics;
  /**
   * Ends the broker: its clients are told (AMQP: 320 `CONNECTION_FORCED`), and after two seconds at most everything is
   * closed. May be called again.
   */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly configuration: Configuration;
  readonly logLines: LogLines;
  /** Used instead of the files that the configuration names. */
  readonly tls?: TlsMaterial;
}

/**
 * Starts a broker as configured.
 *
 * @throws ConfigurationError when TLS is asked for and its files are missing
 * @throws ListenError when an address or a port cannot be had
 * @throws DataDirectoryError when the data directory cannot be used
 */
export async function startBroker(options: StartOptions): Promise<RunningBroker> {
  const { dataDir } = options.configuration;
  if (dataDir === '') return await startOn(undefined, options);
  const directory = await DataDirectory.claim(dataDir);
  try {
    return await startOn(directory, options);
  } catch (error) {
    await directory.release();
    throw error;
  }
}

async function startOn(directory: DataDirectory | undefined, options: StartOptions): Promise<RunningBroker> {
  const { configuration, logLines } = options;
  const clock = new TurnClock();
  const pool = new ChunkPool();
  let turn: Turn | undefined;
  const scheduleTurn = () => turn?.schedule();
  const store = directory === undefined ? undefined : await openStore(directory, options, scheduleTurn);
  const assembly = assembleBroker({ configuration, clock, pool, logLines, storage: store, scheduleTurn });
  const { broker, budget, protocol, authenticator, administration, tickets } = assembly;
  const keeper = new MemoryKeeper(broker, pool);
  const name = nodeName();
  const resources = await ResourceAlarms.open({ broker, budget, keeper, configuration, logLines, nodeName: name });
  if (resources.disk !== undefined) store?.watchSpace(resources.disk);
  await store?.restoreMessages(broker);
  const { deliveriesPerTurn } = configuration;
  const onEnd = () => {
    tickets.turnEnded();
    resources.check();
  };
  turn = new Turn({ broker, schedule: setImmediate, clock, elapsedMs, deliveriesPerTurn, onEnd });
  const server = await Server.start({
    protocol,
    turn,
    clock,
    onRead: () => resources.check(),
    limits: {
      readBytesPerTurn: configuration.readBytesPerTurn,
      outputBytesMax: configuration.outputBuffer,
      closeWriteMs: CLOSE_WRITE_MS,
      closeGraceMs: CLOSE_GRACE_MS,
    },
    listen: listenRequests(options),
    tcp: configuration,
    logLines,
    ...(configuration.socketReading === 'events' ? { openReading: readByEvents } : {}),
    admission: resources.fileDescriptors,
    onTick: () => {
      resources.tick();
      keeper.tick();
      store?.tick();
      broker.unackedPaging.tick();
      if (broker.pump.hasWork) scheduleTurn();
    },
  });
  const login = () => findDefaultLogin(configuration, authenticator);
  return runningBroker({ server, broker, turn, resources, administration, configuration, login, directory, store });
}

function elapsedMs(): number {
  return performance.now();
}

function openStore(directory: DataDirectory, options: StartOptions, onDurable: () => void): Promise<Store> {
  const { configuration, logLines } = options;
  const opening = Store.open({
    disk: directory.disk,
    path: directory.path,
    messages: new Messages(),
    epoch: randomInt(2 ** 32),
    elapsedMs,
    logLines,
    onDurable,
    segmentBytes: configuration.segmentSize,
    residentBytes: configuration.residentSize,
  });
  return opening.catch((error: unknown) => {
    if (!(error instanceof NewerFormatError)) throw error;
    throw new DataDirectoryError(`the data directory ${directory.path}: ${error.message}`, { cause: error });
  });
}

function listenRequests({ configuration, tls }: StartOptions): ListenRequest[] {
  const plain = configuration.tcpListeners.map(({ address = ALL_ADDRESSES, port }) => ({ address, port }));
  if (configuration.tlsListeners.length === 0) return plain;
  const tlsOptions = tlsOptionsOf(configuration, tls);
  const secure = configuration.tlsListeners.map(({ address = ALL_ADDRESSES, port }) => ({
    address,
    port,
    tls: tlsOptions,
  }));
  return [...plain, ...secure];
}

interface Parts {
  readonly server: Server;
  readonly broker: Broker;
  readonly turn: Turn;
  readonly resources: ResourceAlarms;
  readonly administration: Administration;
  readonly configuration: Configuration;
  readonly login: () => Login | undefined;
  readonly directory: DataDirectory | undefined;
  readonly store: Store | undefined;
}

function runningBroker({
  server,
  broker,
  turn,
  resources,
  administration,
  configuration,
  login,
  directory,
  store,
}: Parts): RunningBroker {
  const { users, vhosts, permissions, topicPermissions } = administration;
  const plain = server.listeners.find((listener) => !listener.isTls);
  const secure = server.listeners.find((listener) => listener.isTls);
  return {
    port: plain?.port ?? 0,
    ...(secure === undefined ? {} : { tlsPort: secure.port }),
    get url() {
      return urlOf(plain ?? secure, login(), configuration);
    },
    get login() {
      return login();
    },
    addresses: server.listeners.map(({ address, port, isTls }) => ({ address, port, tls: isTls })),
    ...(directory === undefined ? {} : { dataDir: directory.path }),
    users,
    vhosts,
    permissions,
    topicPermissions,
    broker,
    metrics: () => ({ turns: turn.durations.stats, ...(store === undefined ? {} : { log: store.opened.metrics }) }),
    stats: () => ({ connections: server.connectionCount, ...resources.stats }),
    stop: async () => {
      await server.stop();
      await store?.stop(broker);
      await directory?.release();
    },
  };
}

function urlOf(listener: Listener | undefined, login: Login | undefined, { defaultVhost }: Configuration): string {
  if (listener === undefined) return '';
  const scheme = listener.isTls ? 'amqps' : 'amqp';
  const isAny = listener.address === ALL_ADDRESSES || listener.address === '0.0.0.0';
  const host = formatAddress(isAny ? '127.0.0.1' : listener.address, listener.port);
  const vhost = defaultVhost === '/' ? '' : `/${encodeURIComponent(defaultVhost)}`;
  return `${scheme}://${login === undefined ? '' : credentials(login)}${host}${vhost}`;
}

function credentials({ user, password }: Login): string {
  return `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
}
