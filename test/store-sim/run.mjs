/**
 * `npm run sim:store`: runs the simulator of the store alone. `--seed N` runs one seed, `--steps N` makes runs longer or
 * shorter, `--seeds N` says how many new seeds to try.
 */

import { parseArgs } from 'node:util';
import { installMissing } from '../../scripts/install.mjs';
import { runInstalled } from '../../scripts/run.mjs';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, steps: { type: 'string' }, seeds: { type: 'string' } },
});
for (const [name, value] of Object.entries(values)) process.env[`SIM_${name.toUpperCase()}`] = value;
await installMissing();
process.exitCode = await runInstalled('vitest/vitest.mjs', ['run', 'test/store-sim/store-sim.test.ts']);
