/**
 * `npm run bench`: server CPU per message of Leveret and of Debian's RabbitMQ, row by row, and whether Leveret meets
 * each row's limit. The rows and their targets are in rows.json, how to read the table in README.md.
 *
 * npm run bench -- [ROW...] [--quick] [--rounds N] [--without-rabbitmq] [--out FILE]
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  describeMachine,
  isRabbitMqInstalled,
  startLeveret,
  startLeveretWithUsers,
  startRabbitMq,
} from './brokers.mjs';
import { cpuPerMessage, findLoadGenerator, runLoad } from './load-generator.mjs';
import { headers } from './loads/headers.mjs';
import { runOwnLoad } from './loads/load.mjs';
import { permissions } from './loads/permissions.mjs';
import { transactions } from './loads/transactions.mjs';
import { megabytes, residentBytes, writtenBytes } from './process-tree.mjs';
import { measuredRow, memoryRow, replaceTable, table } from './table.mjs';

const IDLE_SECONDS = 10;
/** Persistent rows are measured once so much has been written, when the files are not new any more. */
const WARM_DISK_BYTES = 1e9;
const WARM_DISK_RUNS_MAX = 4;
/** What the load generator cannot do, by the names that rows have for it. */
const OWN_LOADS = { headers, transactions, permissions };

const { values: options, positionals: names } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: process.env.ROUNDS ?? '3' },
    'without-rabbitmq': { type: 'boolean', default: false },
    out: { type: 'string' },
  },
  allowPositionals: true,
});
const { rows, cold, memory } = JSON.parse(readFileSync(new URL('rows.json', import.meta.url), 'utf8'));
const chosen = chooseRows();
const seconds = options.quick ? { measured: 0.5, warm: 0.2 } : { measured: 2, warm: 0.4 };
const rounds = options.quick ? 1 : Number(options.rounds);
const program = findLoadGenerator();

const brokers = [await startLeveret()];
/** A Leveret for the rows that need users; RabbitMQ has them in any case. */
let withUsers;
try {
  if (isRabbitMqInstalled() && !options['without-rabbitmq']) brokers.push(await startRabbitMq());
  if (chosen.some((row) => row.needsUsers)) withUsers = await startLeveretWithUsers();
  await main();
} finally {
  for (const broker of brokers) await broker.stop();
  await withUsers?.stop();
}

function chooseRows() {
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length === 0) return names.length === 0 ? rows : rows.filter((row) => names.includes(row.name));
  console.error(`bench: no row ${unknown.join(', ')}; there are ${rows.map((row) => row.name).join(', ')}`);
  process.exit(2);
}

async function main() {
  await sleep(1000);
  const atRest = brokers.map((broker) => residentBytes(broker.pid));
  const coldSample = chosen.some(isPersistent) ? await warmDisks() : undefined;
  const samples = await measureRounds();
  const lines = chosen.flatMap((row) => measuredRow(row, samples.get(row.name)));
  if (coldSample !== undefined) lines.push(...measuredRow(cold, [coldSample]));
  const isWhole = chosen.length === rows.length;
  if (isWhole) await sleep(IDLE_SECONDS * 1000);
  const atEnd = brokers.map((broker) => residentBytes(broker.pid));
  for (const row of memory) {
    if (row.when === 'before') lines.push(memoryRow(row, atRest.map(megabytes)));
    else if (isWhole) lines.push(memoryRow(row, atEnd.map(megabytes)));
  }
  publish(`${heading()}\n\n${table(lines)}`);
  process.exitCode = lines.some((line) => line.isMet === false) ? 1 : 0;
}

/** Samples of each row: one a round, each an array with one result a broker, taken right after one another. */
async function measureRounds() {
  const samples = new Map(chosen.map((row) => [row.name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const row of chosen) {
      const sample = [];
      for (const broker of brokersFor(row)) sample.push(await measure(row, broker));
      samples.get(row.name).push(sample);
      const figures = sample.map(({ cpu, error }) => cpu?.toFixed(3) ?? `failed (${error})`);
      console.error(`round ${round}/${rounds}  ${row.name.padEnd(10)} ${figures.join('  ')}`);
    }
  }
  return samples;
}

function isPersistent({ flags }) {
  return flags?.includes('--persistent') === true;
}

/** Has every broker write its first gigabyte. @returns what that cost, one result a broker */
async function warmDisks() {
  const count = options.quick ? cold.count / 20 : cold.count;
  const sample = [];
  for (const broker of brokers) {
    const before = writtenBytes(broker.pid);
    sample.push(await runGenerated(cold, broker, `--count ${count}`));
    console.error(`${cold.name}  ${broker.name}  ${sample.at(-1).cpu?.toFixed(3) ?? sample.at(-1).error}`);
    if (options.quick) continue;
    for (let run = 1; run < WARM_DISK_RUNS_MAX && writtenBytes(broker.pid) - before < WARM_DISK_BYTES; run++) {
      await runGenerated(cold, broker, `--count ${count}`);
    }
  }
  return sample;
}

function brokersFor(row) {
  return row.needsUsers ? [withUsers, ...brokers.slice(1)] : brokers;
}

async function measure(row, broker) {
  if (row.load === undefined) return measureGenerated(row, broker);
  await runOwnLoad(OWN_LOADS[row.load], broker, seconds.warm);
  return runOwnLoad(OWN_LOADS[row.load], broker, seconds.measured);
}

async function measureGenerated(row, broker) {
  // The row with a backlog fills its queue first, which is its warming up.
  if (!row.flags.includes('--lag')) await runGenerated(row, broker, `--duration ${seconds.warm}`);
  return runGenerated(row, broker, `--duration ${seconds.measured}`);
}

/** @param bound how long, or how many messages */
async function runGenerated(row, broker, bound) {
  const before = writtenBytes(broker.pid);
  const flags = `--prefix rows --linger 10 ${row.flags} ${bound}`;
  const { code, result, error } = await runLoad(program, broker, flags);
  const isComplete = code === 0 && result?.complete === true;
  const note = isComplete ? '' : error.split('\n').at(-1) || `ended with ${code}`;
  const sample = { cpu: code === 0 ? cpuPerMessage(result) : undefined, p99: result?.lat_p99_us, error: note };
  if (!isPersistent(row) || !(result?.published > 0)) return sample;
  const published = (result.published + (result.lag ?? 0)) * result.size;
  return { ...sample, diskShare: (writtenBytes(broker.pid) - before) / published };
}

function heading() {
  const versions = brokers.map((broker) => `${broker.name} ${broker.version}`).join(', ');
  const each = rounds === 1 ? 'one round' : `medians of ${rounds} interleaved rounds`;
  return `${describeMachine()}. ${versions}. ${each} of ${seconds.measured} s.`;
}

function publish(text) {
  console.log(text);
  if (options.out === undefined) return;
  writeFileSync(options.out, replaceTable(readFileSync(options.out, 'utf8'), text));
}
