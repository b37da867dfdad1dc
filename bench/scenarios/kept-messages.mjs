/**
 * Memory must follow what is kept, also when one message of a thousand stays and its neighbours go: the worst case for
 * an arena that is freed in segments. Queue after queue gets 1,000 messages, of which 999 are consumed.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client.mjs';
import { runLoad } from '../load-generator.mjs';
import { megabytes, residentBytes } from '../process-tree.mjs';
import { ackUpTo, cancel, consume, METHODS, publish, qos, queueDeclare, repeated } from '../wire.mjs';

const QUEUES = 20_000;
const MESSAGES_EACH = 1000;
const BODY = Buffer.alloc(100);
/** What a stored message needs besides its body: a fixed head, its routing key and its (empty) properties. */
const OVERHEAD_BYTES = 40 + 16 + 2;
/** What any load leaves behind, such as compiled code, is not what the kept messages cost. */
const WARMING_UP = '--size 100 --autoack --in-flight 1000 --duration 2';
const FACTOR_LIMIT = 3;
const SETTLE_MS = 10_000;

export async function keptMessages({ broker, program, scale, report }) {
  const queues = QUEUES * scale;
  await runLoad(program, broker, WARMING_UP);
  const client = await Client.connect(broker);
  await client.call(qos(MESSAGES_EACH - 1), METHODS.basicQosOk);
  for (let index = 0; index < queues; index++) client.write(queueDeclare(nameOf(index), { noWait: true }));
  await fillAndTake(client, 0);
  await sleep(SETTLE_MS);
  const rest = residentBytes(broker.pid);
  for (let index = 1; index < queues; index++) await fillAndTake(client, index);
  const highest = residentBytes(broker.pid);
  await sleep(SETTLE_MS);
  const kept = residentBytes(broker.pid) - rest;
  const live = queues * (BODY.length + OVERHEAD_BYTES);
  const factor = kept / live;
  const name = `${queues} queues that each keep the last of ${MESSAGES_EACH} messages: memory above the empty queues`;
  const peak = megabytes(highest - rest).toFixed(1);
  const figure = `${megabytes(kept).toFixed(1)} MB, ${factor.toFixed(1)} times the live bytes (${peak} MB at the end of the load)`;
  report({ name, figure, limit: `${FACTOR_LIMIT} times`, isMet: factor <= FACTOR_LIMIT });
  client.destroy();
}

/** Publishes a thousand messages, takes all but the last with acknowledgements, and leaves the queue. */
async function fillAndTake(client, index) {
  const queue = nameOf(index);
  const tag = `consumer ${index}`;
  client.write(repeated(publish({ exchange: '', key: queue, body: BODY }), MESSAGES_EACH));
  await client.call(consume(queue, { noAck: false, tag }), METHODS.basicConsumeOk);
  const taken = (index + 1) * (MESSAGES_EACH - 1);
  await client.deliveries(taken);
  await client.call(cancel(tag), METHODS.basicCancelOk);
  client.write(ackUpTo(taken));
}

function nameOf(index) {
  return `bench.kept.${index}`;
}
