/**
 * A second connection that asks the broker for a queue's count again and again and notes the longest wait. It lives in
 * a thread of its own, so that what it waits for is the broker and not the scenario's own work.
 */

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Client } from './client.mjs';

/** Until the code of this thread and of the broker is compiled: otherwise the longest wait may be that. */
const WARM_PINGS = 5000;

if (!isMainThread) await pingUntil(workerData);

/**
 * Asks until the queue holds `messages`.
 *
 * @param {{ port: number }} broker
 * @param {{ queue: string, messages: number }} until
 * @returns {Promise<{ started: Promise<unknown>, ended: Promise<{ longestMs: number, pings: number, seconds: number }> }>}
 */
export function startPing({ port }, until) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, ...until } });
  const started = once(worker, 'message');
  const ended = started.then(() => once(worker, 'message')).then(([figures]) => figures);
  return { started, ended };
}

async function pingUntil({ port, queue, messages }) {
  const client = await Client.connect({ port });
  for (let ping = 0; ping < WARM_PINGS; ping++) await client.messageCount(queue);
  parentPort.postMessage('started');
  const begin = performance.now();
  let longestMs = 0;
  let pings = 0;
  let count = -1;
  while (count < messages) {
    const before = performance.now();
    count = await client.messageCount(queue);
    longestMs = Math.max(longestMs, performance.now() - before);
    pings++;
  }
  parentPort.postMessage({ longestMs, pings, seconds: (performance.now() - begin) / 1000 });
  client.destroy();
}
