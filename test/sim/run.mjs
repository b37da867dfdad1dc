/**
 * `npm run sim`: runs the simulator alone. `--seed N` runs one seed, `--steps N` makes runs longer or shorter, `--seeds N`
 * says how many new seeds to try.
 */

import { runSimulator } from '../../scripts/run-simulator.mjs';

await runSimulator({ command: 'npm run sim', test: 'test/sim/sim.test.ts' });
