/** Loss, duplicates, order and content of every message, verified while the load runs. */

import { runLoad } from '../load-generator.mjs';

const ACKED = '--confirm 2000 --prefetch 1000 --multi-ack 100';

const RUNS = [
  ['1 producer, 1 consumer', 1_000_000, `${ACKED} --in-flight 20000`],
  ['1 producer, 1 no_ack consumer', 1_000_000, '--autoack --in-flight 20000'],
  ['5 producers, 5 consumers, 5 queues', 1_000_000, `-x 5 -y 5 -Q 5 ${ACKED} --in-flight 20000`],
  ['fanout to 5 queues', 200_000, '--exchange fanout -Q 5 -y 5 --autoack --in-flight 4000'],
  ['topic with 50 bindings a queue', 500_000, '--exchange topic -Q 10 -y 10 --bindings 50 --autoack --in-flight 10000'],
  ['prefetch 1', 50_000, '--confirm 100 --prefetch 1'],
  ['polling with basic.get', 20_000, '--get --rate 2000'],
  ['bodies of 400 KB', 5_000, '--size 409600 --confirm 20 --prefetch 10'],
];

export async function check({ broker, program, scale, report }) {
  for (const [name, messages, flags] of RUNS) {
    const count = Math.max(1000, messages * scale);
    const { code, result, error } = await runLoad(program, broker, `--check --count ${count} ${flags}`);
    const isClean = code === 0 && result?.check === 'ok' && result.complete;
    const figure = isClean ? `clean, ${result.consumed} messages` : `exit ${code} ${error.split('\n').at(-1)}`;
    report({ name: `check: ${name}`, figure, limit: 'clean', isMet: isClean });
  }
}
