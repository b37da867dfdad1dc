/** Bindings that come and go on one exchange must not make routing on another one dearer. */

import { Client } from '../client.mjs';
import { cpuPerMessage, runLoad } from '../load-generator.mjs';
import { median } from '../table.mjs';
import { exchangeDeclare, METHODS, queueBind, queueDeclare } from '../wire.mjs';

const FLAGS = '--exchange topic -Q 10 --bindings 200 --size 64 --autoack --in-flight 10000';
const RATIO_LIMIT = 1.3;
const BIND_INTERVAL_MS = 5;
const ROUNDS = 3;

export async function bindsWhileRouting({ broker, program, scale, report }) {
  const flags = `${FLAGS} --duration ${scale < 1 ? 0.5 : 5}`;
  const binder = await Client.connect(broker);
  await binder.call(exchangeDeclare('bench.other', 'topic'), METHODS.exchangeDeclareOk);
  await binder.call(queueDeclare('bench.bound'), METHODS.queueDeclareOk);
  await measure(program, broker, flags);
  const ratios = [];
  for (let round = 0; round < ROUNDS; round++) {
    const quiet = await measure(program, broker, flags);
    const timer = setInterval(bindOne, BIND_INTERVAL_MS, binder);
    const busy = await measure(program, broker, flags);
    clearInterval(timer);
    ratios.push(busy / quiet);
  }
  const ratio = median(ratios);
  const name = 'topic routing with 200 binds/s on another exchange: CPU per message';
  const figure = `${ratio.toFixed(2)} times that without`;
  report({ name, figure, limit: `${RATIO_LIMIT} times`, isMet: ratio <= RATIO_LIMIT });
}

let bound = 0;

function bindOne(client) {
  client.write(queueBind({ queue: 'bench.bound', exchange: 'bench.other', key: `key.${bound++}.*` }));
}

async function measure(program, broker, flags) {
  const { result, error } = await runLoad(program, broker, flags);
  const cpu = cpuPerMessage(result);
  if (cpu === undefined) throw new Error(error);
  return cpu;
}
