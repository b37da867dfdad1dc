/** What the broker needs at rest, per idle connection, per queue, and after a peak. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client.mjs';
import { runLoad } from '../load-generator.mjs';
import { cpuSeconds, megabytes, residentBytes } from '../process-tree.mjs';
import { get, publish, queueDeclare } from '../wire.mjs';

const REST_LIMIT_MB = 70;
const CONNECTION_LIMIT_KB = 20;
const QUEUE_LIMIT_KB = 2;
const AFTER_PEAK_LIMIT_MB = 200;
const START_LIMIT_MS = 1000;
const IDLE_CPU_LIMIT = 0.01;
const SETTLE_MS = 10_000;

export async function atRest({ broker, report }) {
  const start = {
    name: 'start to listening',
    figure: `${broker.startMs.toFixed(0)} ms`,
    limit: `${START_LIMIT_MS} ms`,
  };
  report({ ...start, isMet: broker.startMs <= START_LIMIT_MS });
  await sleep(SETTLE_MS);
  reportMegabytes(report, { name: 'memory at rest', bytes: residentBytes(broker.pid), limit: REST_LIMIT_MB });
  const before = cpuSeconds(broker.pid);
  await sleep(SETTLE_MS);
  const share = ((cpuSeconds(broker.pid) - before) * 1000) / SETTLE_MS;
  const figure = `${(share * 100).toFixed(1)} % of a core`;
  report({ name: 'CPU at rest', figure, limit: `${IDLE_CPU_LIMIT * 100} %`, isMet: share <= IDLE_CPU_LIMIT });
}

export async function afterPeak({ broker, program, scale, report }) {
  const messages = 1_000_000 * scale;
  const flags = `--fill ${messages} --drain --size 1024 --confirm 1000 --multi-ack 100 --prefetch 1000`;
  const { result, error } = await runLoad(program, broker, flags);
  if (result === undefined) throw new Error(error);
  await sleep(SETTLE_MS);
  const name = `memory 10 s after ${messages} messages of 1 KB were queued and consumed`;
  reportMegabytes(report, { name, bytes: residentBytes(broker.pid), limit: AFTER_PEAK_LIMIT_MB });
}

export async function idleConnections({ broker, program, scale, report }) {
  const count = 10_000 * scale;
  const flags = `--connections-idle ${count} --channels 0 --duration 10`;
  const { result, error } = await runLoad(program, broker, flags);
  if (result === undefined) throw new Error(error);
  const kilobytes = (result.server_rss_after_hold - result.server_rss_before) / count / 1024;
  reportEach(report, { name: `memory of one of ${count} idle connections`, kilobytes, limit: CONNECTION_LIMIT_KB });
}

export async function usedQueues({ broker, scale, report }) {
  const count = 50_000 * scale;
  const before = residentBytes(broker.pid);
  const client = await Client.connect(broker);
  for (let index = 0; index < count; index++) await passOneMessage(client, index);
  await client.deliveries(count);
  client.destroy();
  await sleep(SETTLE_MS);
  const kilobytes = (residentBytes(broker.pid) - before) / count / 1024;
  reportEach(report, { name: `memory of one of ${count} used queues`, kilobytes, limit: QUEUE_LIMIT_KB });
}

/** Declares a queue, sends a message through it and leaves it there. */
async function passOneMessage(client, index) {
  const queue = `bench.used.${index}`;
  client.write(queueDeclare(queue, { noWait: true }));
  client.write(publish({ exchange: '', key: queue, body: Buffer.alloc(100) }));
  client.write(get(queue));
  await client.drained();
}

function reportEach(report, { name, kilobytes, limit }) {
  const figure = `${kilobytes.toFixed(2)} KB`;
  report({ name, figure, limit: `${limit} KB`, isMet: kilobytes <= limit });
}

function reportMegabytes(report, { name, bytes, limit }) {
  const figure = megabytes(bytes);
  report({ name, figure: `${figure.toFixed(1)} MB`, limit: `${limit} MB`, isMet: figure <= limit });
}
