/**
 * The program `leveret` without its process: reads the command line, starts the broker, and stops it when told.
 */

import { unreachable } from '../base/assert.ts';
import type { Setting } from '../server/config/configuration.ts';
import { ConfigurationError, configure } from '../server/config/configuration.ts';
import { warnOfContainerData } from '../server/container-data.ts';
import { DataDirectoryError } from '../server/data-directory.ts';
import { ListenError } from '../server/listener.ts';
import { consoleLogLines } from '../server/log-lines.ts';
import type { RunningBroker, StartOptions } from '../server/start-broker.ts';
import { LEVERET_VERSION } from '../server/version.ts';
import { bannerLines } from './leveret-banner.ts';
import { fsck } from './leveret-fsck.ts';
import { readLeveretCommand } from './leveret-options.ts';

/** Exit codes, as RabbitMQ's tools have them. */
const EXIT_OK = 0;
const EXIT_NOT_STARTED = 1;
const EXIT_USAGE = 64;

/** What the program needs of its process. */
export interface ProgramIo {
  print(text: string): void;
  printError(text: string): void;
  readonly processId: number;
  /** Where the data lies unless the command line says otherwise. */
  readonly dataDir: string;
  /** Resolves when the program is told to end. */
  readonly stopped: Promise<void>;
  /** Starts a broker. */
  readonly start: (options: StartOptions) => Promise<Pick<RunningBroker, 'addresses' | 'login' | 'dataDir' | 'stop'>>;
}

/**
 * Runs until told to stop.
 *
 * @param args what stands after the program's name
 * @returns the exit code: 0 after a stop, 1 when the broker could not start, 64 when the command line is wrong; those of
 * `fsck` stand in its help
 */
export async function runLeveret(args: readonly string[], io: ProgramIo): Promise<number> {
  const command = readLeveretCommand(args, { version: LEVERET_VERSION, dataDir: io.dataDir });
  switch (command.kind) {
    case 'show':
      io.print(command.text);
      return EXIT_OK;
    case 'wrong':
      io.printError(command.text);
      return EXIT_USAGE;
    case 'fsck':
      return fsck(command, io);
    case 'start':
      return serve(command.settings, io).catch((error: unknown) => notStarted(error, io));
    default:
      return unreachable(command);
  }
}

async function serve(settings: readonly Setting[], io: ProgramIo): Promise<number> {
  const configuration = configure(settings);
  const logLines = consoleLogLines((line) => io.print(line));
  const broker = await io.start({ configuration, logLines });
  if (broker.dataDir !== undefined) await warnOfContainerData(broker.dataDir, logLines);
  const settingKeys = new Set(settings.map(({ key }) => key));
  const { addresses, login, dataDir } = broker;
  const { processId } = io;
  const banner = { version: LEVERET_VERSION, addresses, login, configuration, settingKeys, dataDir, processId };
  for (const line of bannerLines(banner)) io.print(line);
  await io.stopped;
  await broker.stop();
  io.print('Leveret has stopped.');
  return EXIT_OK;
}

/** What the user can put right is said in a line; anything else is a bug and shows its stack. */
function notStarted(error: unknown, io: ProgramIo): number {
  const isUsage = error instanceof ConfigurationError;
  if (!(isUsage || error instanceof ListenError || error instanceof DataDirectoryError)) throw error;
  io.printError(`leveret: ${error.message}`);
  return isUsage ? EXIT_USAGE : EXIT_NOT_STARTED;
}
