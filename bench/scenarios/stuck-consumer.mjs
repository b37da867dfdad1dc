/** A no_ack consumer that stops reading must not cost the healthy one beside it its messages or its speed. */

import { Client } from '../client.mjs';
import { runLoad } from '../load-generator.mjs';
import { median } from '../table.mjs';
import { consume, METHODS, queueDeclare } from '../wire.mjs';

const QUEUE = 'load-0'; // The load generator's first queue, kept by --keep.
const RATE_LIMIT = 0.9;
/** What the broker may hold for the stuck one; the kernel's socket buffers come on top and are emptied by reading. */
const BUFFERED_LIMIT_MB = 1 + 12;
const ROUNDS = 3;
const MB = 1024 * 1024;

export async function stuckConsumer({ broker, program, scale, report }) {
  const count = 1_000_000 * scale;
  const flags = `--keep --size 1024 --autoack --confirm 2000 --count ${count} --linger 3`;
  const control = await Client.connect(broker);
  await control.call(queueDeclare(QUEUE), METHODS.queueDeclareOk);
  const ratios = [];
  let missing = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await healthyRun(program, broker, flags);
    const stuck = await Client.connect(broker);
    await stuck.call(consume(QUEUE, { noAck: true }), METHODS.basicConsumeOk);
    stuck.pause();
    const beside = await healthyRun(program, broker, flags);
    ratios.push(beside.consume_rate_total / alone.consume_rate_total);
    missing = beside.published - beside.consumed;
    stuck.resume();
    await stuck.deliveries(missing);
    stuck.destroy();
  }
  reportRate(report, median(ratios));
  reportBuffered(report, missing);
}

async function healthyRun(program, broker, flags) {
  const { result, error } = await runLoad(program, broker, flags);
  if (result === undefined) throw new Error(error);
  return result;
}

function reportRate(report, ratio) {
  const name = 'healthy no_ack consumer beside a stuck one: rate';
  report({
    name,
    figure: `${(ratio * 100).toFixed(0)} % of its rate alone`,
    limit: '90 %',
    isMet: ratio >= RATE_LIMIT,
  });
}

/** All that the healthy one did not get reached the stuck one when it read again: `deliveries` waited for it. */
function reportBuffered(report, messages) {
  const megabytes = (messages * 1024) / MB;
  const figure = `${messages} messages, ${megabytes.toFixed(1)} MB, all of them read later`;
  const limit = `${BUFFERED_LIMIT_MB} MB with the socket's buffers`;
  const name = 'healthy no_ack consumer beside a stuck one: messages it missed';
  report({ name, figure, limit, isMet: megabytes <= BUFFERED_LIMIT_MB });
}
