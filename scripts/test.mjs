/**
 * `npm test`: everything that must hold before a commit. Installs what is missing, then runs every step, also after
 * one has failed, and ends with the list of those that did.
 *
 * `npm test -- src/core` runs only the tests whose path contains that, with any option of vitest. `npm run test:long`
 * runs the long tests instead.
 */

import { buildWhenStale } from './build.mjs';
import { installMissing } from './install.mjs';
import { runInstalled } from './run.mjs';

const VITEST = 'vitest/vitest.mjs';

const STEPS = [
  ['types', 'typescript/bin/tsc', ['-p', 'tsconfig.test.json']],
  ['format and lint', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']],
  ['tests', VITEST, ['run']],
  ['unused files, exports and packages', 'knip/bin/knip.js', []],
];

const args = process.argv.slice(2);
const isLong = args[0] === '--long';

await installMissing();
await buildWhenStale();
if (isLong) process.exitCode = await runInstalled(VITEST, ['run', '-c', 'vitest.long.config.ts', ...args.slice(1)]);
else if (args.length > 0) process.exitCode = await runInstalled(VITEST, ['run', ...args]);
else process.exitCode = await runAll();

async function runAll() {
  const failed = [];
  for (const [name, file, args] of STEPS) {
    console.log(`\n== ${name} ==`);
    if ((await runInstalled(file, args)) !== 0) failed.push(name);
  }
  if (failed.length > 0) console.error(`\nfailed: ${failed.join('; ')}`);
  return failed.length === 0 ? 0 : 1;
}
