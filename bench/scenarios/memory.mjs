/** What the broker holds at rest, per idle connection and per queue. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client.mjs';
import { runLoad } from '../load-generator.mjs';
import { megabytes, residentBytes } from '../process-tree.mjs';
import { get, publish, queueDeclare } from '../wire.mjs';

const REST_LIMIT_MB = 70;
const CONNECTION_LIMIT_KB = 20;
const QUEUE_LIMIT_KB = 2;
const SETTLE_MS = 10_000;

export async function atRest({ broker, report }) {
  await sleep(SETTLE_MS);
  const figure = megabytes(residentBytes(broker.pid));
  const isMet = figure <= REST_LIMIT_MB;
  report({ name: 'memory at rest', figure: `${figure.toFixed(1)} MB`, limit: `${REST_LIMIT_MB} MB`, isMet });
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
