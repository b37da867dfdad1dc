/**
 * What must hold besides the rows of `npm run bench`: exactness under load, fairness beside a stuck consumer, memory
 * per thing, and that no single request makes the others wait. Each scenario starts a broker of its own.
 *
 * node bench/scenarios.mjs [SCENARIO...] [--rabbitmq] [--quick]
 *
 * --rabbitmq runs them against Debian's RabbitMQ instead, --quick with a hundredth of the messages.
 */

import { parseArgs } from 'node:util';
import { describeMachine, startLeveret, startRabbitMq } from './brokers.mjs';
import { findLoadGenerator } from './load-generator.mjs';
import { bindsWhileRouting } from './scenarios/binds-while-routing.mjs';
import { check } from './scenarios/check.mjs';
import { keptMessages } from './scenarios/kept-messages.mjs';
import { afterPeak, atRest, idleConnections, usedQueues } from './scenarios/memory.mjs';
import { stuckConsumer } from './scenarios/stuck-consumer.mjs';
import { unackedCut } from './scenarios/unacked-cut.mjs';
import { uniqueKeys } from './scenarios/unique-keys.mjs';

const SCENARIOS = {
  rest: atRest,
  check,
  connections: idleConnections,
  queues: usedQueues,
  peak: afterPeak,
  stuck: stuckConsumer,
  binds: bindsWhileRouting,
  unacked: unackedCut,
  keys: uniqueKeys,
  kept: keptMessages,
};

const { values: options, positionals: names } = parseArgs({
  options: { rabbitmq: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const program = findLoadGenerator();

console.log(describeMachine());
console.log('\n| scenario | figure | limit | |\n|---|---|---|---|');
for (const name of names.length === 0 ? Object.keys(SCENARIOS) : names) await runScenario(name);

async function runScenario(name) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) {
    console.error(`bench: no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`);
    process.exit(2);
  }
  const broker = options.rabbitmq ? await startRabbitMq() : await startLeveret();
  try {
    await scenario({ broker, program, scale: options.quick ? 0.01 : 1, report });
  } catch (error) {
    report({ name, figure: `failed: ${error.message}`, limit: '', isMet: false });
  } finally {
    await broker.stop();
  }
}

function report({ name, figure, limit, isMet }) {
  console.log(`| ${name} | ${figure} | ${limit} | ${isMet ? 'met' : '**not met**'} |`);
  if (!isMet) process.exitCode = 1;
}
