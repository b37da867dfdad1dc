#!/usr/bin/env node
/**
 * The program `leveret`: the broker as a server. Connects the program to the process; what it does stands in
 * leveret-program.ts.
 */

import { defaultDataDirectory } from '../server/data-directory.ts';
import { startBroker } from '../server/start-broker.ts';
import { tuneEngine } from './engine-tuning.ts';
import { runLeveret } from './leveret-program.ts';
import { StopSignal } from './leveret-stop-signal.ts';

tuneEngine();
const stopSignal = new StopSignal(Date.now, () => process.exit(1));
process.on('SIGINT', () => stopSignal.receive());
process.on('SIGTERM', () => stopSignal.receive());
// Who reads our lines may go away; the broker stays.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

process.exitCode = await runLeveret(process.argv.slice(2), {
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(`${text}\n`),
  processId: process.pid,
  dataDir: await defaultDataDirectory(process.env),
  stopped: stopSignal.received,
  start: startBroker,
});
// What is still open (standard output to a slow reader, say) does not keep a stopped broker.
process.exit();
