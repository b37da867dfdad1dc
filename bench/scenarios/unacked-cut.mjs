/** Millions of unacknowledged messages return when their connection is cut, and nobody else waits for it. */

import { Client } from '../client.mjs';
import { runLoad } from '../load-generator.mjs';
import { startPing } from '../ping.mjs';
import { consume, METHODS } from '../wire.mjs';

const QUEUE = 'load-0';
const TURN_LIMIT_MS = 10;

export async function unackedCut({ broker, program, scale, report }) {
  const messages = 10_000_000 * scale;
  const filled = await runLoad(program, broker, `--fill ${messages} --size 16 --confirm 2000 --linger 120`);
  if (filled.code !== 0) throw new Error(filled.error);
  const consumer = await Client.connect(broker);
  await consumer.call(consume(QUEUE, { noAck: false }), METHODS.basicConsumeOk);
  await consumer.deliveries(messages);
  const ping = startPing(broker, { queue: QUEUE, messages });
  await ping.started;
  consumer.destroy();
  const { longestMs, pings, seconds } = await ping.ended;
  const name = `${messages} unacknowledged messages and the connection cut: longest wait of another connection`;
  const figure = `${longestMs.toFixed(1)} ms among ${pings} requests in ${seconds.toFixed(2)} s`;
  report({ name, figure, limit: `${TURN_LIMIT_MS} ms`, isMet: longestMs <= TURN_LIMIT_MS });
}
