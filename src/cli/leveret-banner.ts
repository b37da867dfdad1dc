/**
 * What `leveret` prints when it is ready: what listens where, with which login, where the data lies, how to stop.
 */

import type { Configuration } from '../server/config/configuration.ts';
import { OPTIONS } from '../server/config/options.ts';
import type { Login } from '../server/default-login.ts';
import type { ListeningAddress } from '../server/start-broker.ts';

export interface BannerOptions {
  readonly version: string;
  readonly addresses: readonly ListeningAddress[];
  /** The default user's, if it works. */
  readonly login: Login | undefined;
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
    `  Login    ${loginLine(options)}`,
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

/** A password that is not the well-known one is never shown, and a login that does not work is not either. */
function loginLine({ login, configuration: { defaultUser, loopbackUsers }, dataDir }: BannerOptions): string {
  if (login === undefined) return dataDir === undefined ? NO_LOGIN : 'users and passwords as in the data directory';
  const password = login.password === OPTIONS.defaultPass.default ? login.password : '(the password in default_pass)';
  const where = loopbackUsers.includes(defaultUser) ? ', from this machine only' : '';
  return `${login.user} / ${password}${where}`;
}

const NO_LOGIN = 'none with the settings of the default user';

function dataLine(dataDir: string | undefined): string {
  return dataDir ?? 'in memory: queues and messages are gone when the broker stops';
}
