/** What `npm run sim` and `npm run sim:store` have in common: their options, and the test that runs with them. */

import { parseArgs } from 'node:util';
import { installMissing } from './install.mjs';
import { runInstalled } from './run.mjs';

/** @param {{ command: string, test: string }} simulator the command that runs it, and the file of its test */
export async function runSimulator({ command, test }) {
  const usage = `usage: ${command} -- [--seed N] [--steps N] [--seeds N]`;
  const numbers = readNumbers(usage);
  if (numbers === undefined) return;
  for (const [name, value] of Object.entries(numbers)) process.env[`SIM_${name.toUpperCase()}`] = value;
  await installMissing();
  process.exitCode = await runInstalled('vitest/vitest.mjs', ['run', test]);
}

/** @returns undefined when there is nothing to run, which has been said */
function readNumbers(usage) {
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({ options: { seed: text, steps: text, seeds: text, help: { type: 'boolean' } } });
    const { help, ...rest } = values;
    const wrong = Object.entries(rest).find(([, value]) => !/^\d+$/.test(value));
    if (wrong !== undefined) throw new Error(`--${wrong[0]}: '${wrong[1]}' is no number`);
    if (help !== true) return rest;
    console.log(usage);
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}
