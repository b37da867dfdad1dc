/**
 * `npm run sim:store`: runs the simulator of the store alone. `--seed N` runs one seed, `--steps N` makes runs longer or
 * shorter, `--seeds N` says how many new seeds to try.
 */

import { runSimulator } from '../../scripts/run-simulator.mjs';

await runSimulator({ command: 'npm run sim:store', test: 'test/store-sim/store-sim.test.ts' });
