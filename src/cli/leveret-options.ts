/**
 * The command line of `leveret`: its options, and the settings that they stand for.
 */

import { Command, CommanderError, InvalidArgumentError, Option, type OutputConfiguration } from 'commander';
import type { Setting } from '../server/config/configuration.ts';
import { ConfigurationError, parseSetting } from '../server/config/configuration.ts';
import { OPTIONS } from '../server/config/options.ts';
import { formatAddress } from '../server/peer.ts';

/** What the command line asks for. */
export type LeveretCommand =
  | { readonly kind: 'start'; readonly settings: readonly Setting[] }
  | ({ readonly kind: 'fsck' } & FsckCommand)
  /** Help or the version: the text is all there is to do. */
  | { readonly kind: 'show'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };

/** What is to be done with a data directory. */
export interface FsckCommand {
  readonly directory: string;
  readonly repair: boolean;
  readonly json: boolean;
}

interface Flags {
  readonly port?: number;
  readonly bind?: string;
  readonly tlsPort?: number;
  readonly managementPort?: number;
  readonly dataDir?: string;
  readonly memory?: boolean;
  readonly set?: readonly Setting[];
}

const DEFAULT_PORT = 5672;
const ALL_ADDRESSES = '::';

/** What the command line does not say. */
export interface LeveretDefaults {
  readonly version: string;
  /** Where the data lies unless the command line says otherwise. */
  readonly dataDir: string;
}

/** Reads the arguments after the program's name. */
export function readLeveretCommand(args: readonly string[], defaults: LeveretDefaults): LeveretCommand {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  let fsck: FsckCommand | undefined;
  const command = leveretCommand(defaults, { writeOut: write, writeErr: write });
  addFsck(command, (found) => {
    fsck = found;
  });
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: error.exitCode === 0 ? 'show' : 'wrong', text: text.trimEnd() };
  }
  if (fsck !== undefined) return { kind: 'fsck', ...fsck };
  return { kind: 'start', settings: settingsOf(command.opts<Flags>(), defaults) };
}

/** Commands that are added inherit how it prints and ends. */
function leveretCommand({ version, dataDir }: LeveretDefaults, output: OutputConfiguration): Command {
  return new Command('leveret')
    .configureOutput(output)
    .enablePositionalOptions()
    .description('A RabbitMQ-compatible message broker.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .option('--port <number>', `port of AMQP connections, 0 for a free one (default: ${DEFAULT_PORT})`, readPort)
    .option('--bind <address>', 'address to listen on (default: all, IPv4 and IPv6)')
    .option('--tls-port <number>', 'port of TLS connections; needs ssl_options.certfile and .keyfile', readPort)
    .option('--management-port <number>', 'port of the management page (accepted, not served yet)', readPort)
    .option('--data-dir <folder>', `folder for durable data (default: ${dataDir})`, readFolder)
    .addOption(new Option('--memory', 'keep everything in memory, without a folder').conflicts('dataDir'))
    .option('--set <key=value>', 'a setting, as in rabbitmq.conf; may be repeated', readSetting)
    .allowExcessArguments(false)
    .exitOverride()
    .action(() => undefined);
}

function addFsck(leveret: Command, found: (command: FsckCommand) => void): void {
  leveret
    .command('fsck')
    .summary('look for damage in a data directory')
    .description('Looks for damage in the data directory of a broker that has stopped. Changes nothing unless told to.')
    .argument('<folder>', 'the data directory')
    .option('--repair', 'go on without what is damaged, of which copies are kept')
    .option('--json', 'print what is found as one JSON object')
    .helpOption('--help', 'print this help')
    .addHelpText('after', '\nExit codes: 0 nothing is damaged (any more), 1 it cannot be checked, 2 there is damage.')
    .action((directory: string, { repair = false, json = false }: Partial<FsckCommand>) =>
      found({ directory, repair, json }),
    );
}

function readPort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
  return port;
}

/** An empty name is a script's mistake; the data would go where nobody expects it. */
function readFolder(value: string): string {
  if (value === '') throw new InvalidArgumentError('Expected a folder. Use --memory to keep everything in memory.');
  return value;
}

function readSetting(value: string, before: readonly Setting[] = []): readonly Setting[] {
  try {
    return [...before, parseSetting(value)];
  } catch (error) {
    if (error instanceof ConfigurationError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** Flags come last, so that they win over `--set`. */
function settingsOf(flags: Flags, defaults: LeveretDefaults): Setting[] {
  const { port, bind, tlsPort, managementPort, set = [] } = flags;
  const settings = [{ key: OPTIONS.dataDir.key, value: defaults.dataDir }, ...set];
  const add = (key: string, value: string) => settings.push({ key, value });
  if (port !== undefined || bind !== undefined) {
    add('listeners.tcp.default', formatAddress(bind ?? ALL_ADDRESSES, port ?? DEFAULT_PORT));
  }
  if (tlsPort !== undefined) add('listeners.ssl.default', formatAddress(bind ?? ALL_ADDRESSES, tlsPort));
  if (managementPort !== undefined) add('management.tcp.port', String(managementPort));
  const dataDir = flags.memory ? '' : flags.dataDir;
  if (dataDir !== undefined) add(OPTIONS.dataDir.key, dataDir);
  return settings;
}
