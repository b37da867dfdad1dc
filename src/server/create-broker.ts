/**
 * The public API: a broker inside this process. Turns its options into settings and starts.
 */

import type { LogLines } from '../core/log-lines.ts';
import type { Setting } from './config/configuration.ts';
import { ConfigurationError, configure } from './config/configuration.ts';
import { OPTIONS } from './config/options.ts';
import { consoleLogLines, silentLogLines } from './log-lines.ts';
import { formatAddress } from './peer.ts';
import type { RunningBroker } from './start-broker.ts';
import { startBroker } from './start-broker.ts';
import type { TlsMaterial } from './tls-material.ts';

/** How a broker inside this process is set up. Everything has a default. */
export interface BrokerOptions {
  /** The port of plain AMQP connections, 0 to 65535. 0, the default, takes a free one. */
  readonly port?: number;
  /**
   * The address to listen on: an IPv4 or IPv6 address, `localhost` (the default: both loopback addresses), or `::` for
   * every address of the machine.
   */
  readonly bind?: string;
  /** The port of TLS connections, 0 to 65535; without it there is no TLS. 0 takes a free one. */
  readonly tlsPort?: number;
  /**
   * The folder for durable data, made if it is missing; it belongs to this broker until `stop()`. Without one everything
   * is kept in memory.
   */
  readonly dataDir?: string;
  /** Certificate and key for TLS in PEM form, instead of the files that `ssl_options.*` name. */
  readonly tls?: TlsMaterial;
  /** More settings, under the names that `rabbitmq.conf` gives them; `port`, `bind`, `tlsPort` and `dataDir` win over them. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Where log lines go. `silent` unless given. */
  readonly log?: 'silent' | 'console' | LogLines;
}

/**
 * Starts a broker inside this process. Several may run side by side.
 *
 * @param options what differs from the defaults
 * @returns the running broker; call its `stop()` at the end
 * @throws ConfigurationError when an option or a setting is wrong
 * @throws ListenError when an address or a port cannot be had
 * @throws DataDirectoryError when the folder for durable data cannot be used, or another process uses it
 *
 * @example
 * ```ts
 * import { createBroker } from 'leveret';
 *
 * const broker = await createBroker({ settings: { heartbeat: 30 } });
 * console.log(broker.url); // amqp://guest:guest@127.0.0.1:40123
 * await broker.stop();
 * ```
 */
export async function createBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  return startBroker({
    configuration: configure(settingsOf(options)),
    logLines: logLinesOf(options.log ?? 'silent'),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
}

function settingsOf(options: BrokerOptions): Setting[] {
  const given = Object.entries(options.settings ?? {}).map(([key, value]) => ({ key, value: String(value) }));
  const bind = options.bind ?? 'localhost';
  const settings = [...given];
  const setsListeners = given.some(({ key }) => key.startsWith('listeners.tcp'));
  if (options.port !== undefined || options.bind !== undefined || !setsListeners) {
    settings.push(listenerSetting('listeners.tcp.default', bind, 'port', options.port ?? 0));
  }
  if (options.tlsPort !== undefined) {
    settings.push(listenerSetting('listeners.ssl.default', bind, 'tlsPort', options.tlsPort));
  }
  if (options.dataDir !== undefined) settings.push(dataDirSetting(options.dataDir));
  return settings;
}

/** An empty name is a mistake, and no wish to lose everything. */
function dataDirSetting(dataDir: string): Setting {
  if (dataDir === '') throw new ConfigurationError("the value '' of dataDir is wrong: expected a folder");
  return { key: OPTIONS.dataDir.key, value: dataDir };
}

function listenerSetting(key: string, bind: string, option: string, port: number): Setting {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigurationError(`the value '${port}' of ${option} is wrong: expected a whole number from 0 to 65535`);
  }
  return { key, value: formatAddress(bind, port) };
}

function logLinesOf(log: 'silent' | 'console' | LogLines): LogLines {
  if (log === 'silent') return silentLogLines;
  return log === 'console' ? consoleLogLines() : log;
}
