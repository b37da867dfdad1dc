/**
 * What `leveret` prints when it is ready: what listens where, with which login, where the data lies, how to stop.
 */

import type { Configuration } from '../server/config/configuration.ts';
import { OPTIONS } from '../server/config/options.ts';
import type { ListeningAddress } from '../server/start-broker.ts';

export interface BannerOptions {
  readonly version: string;
  readonly addresses: readonly ListeningAddress[];
  readonly configuration: Configuration;
  /** Keys that the user has set. */
  readonly settingKeys: ReadonlySet<string>;
  /** Undefined when everything is kept in memory. */
  readonly dataDir: string | undefined;
  readonly processId: number;
}

/** The lines, in order. */
export function bannerLines(options: BannerOptions): string[] {
  return [
    `Leveret ${options.version} is ready.`,
    ...options.addresses.map((address) => `  Listens  ${listenLine(address)}`),
    ...(options.settingKeys.has(OPTIONS.managementPort.key) ? ['  Listens  management: not served yet'] : []),
    `  Login    ${loginLine(options.configuration)}`,
    `  Data     ${dataLine(options.dataDir)}`,
    `  Stop     Ctrl-C, or SIGTERM to process ${options.processId}`,
  ];
}

function listenLine({ address, port, tls }: ListeningAddress): string {
  return `AMQP 0-9-1${tls ? ' over TLS' : ''} on port ${port}, ${addressText(address)}`;
}

function addressText(address: string): string {
  if (address === '::') return 'all addresses (IPv4 and IPv6)';
  return address === '0.0.0.0' ? 'all addresses (IPv4)' : address;
}

/** A password that is not the well-known one is never shown. */
function loginLine({ defaultUser, defaultPass, loopbackUsers }: Configuration): string {
  const password = defaultPass === OPTIONS.defaultPass.default ? defaultPass : '(the password in default_pass)';
  const where = loopbackUsers.includes(defaultUser) ? ', from this machine only' : '';
  return `${defaultUser} / ${password}${where}`;
}

function dataLine(dataDir: string | undefined): string {
  return dataDir ?? 'in memory: queues and messages are gone when the broker stops';
}
