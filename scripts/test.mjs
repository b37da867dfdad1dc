/**
 * `npm test`: everything that must hold before a commit. Installs what is missing, then runs every step, also after
 * one has failed, and ends with the list of those that did.
 *
 * `npm test -- src/core` runs only the tests whose path contains that. `--long` runs the long tests instead.
 */

import { parseArgs } from 'node:util';
import { buildWhenStale } from './build.mjs';
import { installMissing } from './install.mjs';
import { runInstalled } from './run.mjs';

const VITEST = 'vitest/vitest.mjs';

const STEPS = [
  ['types', 'typescript/bin/tsc', ['-p', 'tsconfig.test.json']],
  ['format and lint', '@biomejs/biome/bin/biome', ['check', '.']],
  ['tests', VITEST, ['run']],
  ['unused files, exports and packages', 'knip/bin/knip.js', []],
];

const { values: options, positionals: paths } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

await installMissing();
await buildWhenStale();
if (options.long) process.exitCode = await runInstalled(VITEST, ['run', '-c', 'vitest.long.config.ts', ...paths]);
else if (paths.length > 0) process.exitCode = await runInstalled(VITEST, ['run', ...paths]);
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
