/**
 * `npm start`: from a fresh clone to a running broker. Installs what is missing, builds what changed, then becomes the
 * program `leveret` with the arguments given after `--`.
 *
 * The broker runs in this very process, and package.json starts that with `exec`: npm passes a signal to its child only,
 * and a shell in between would end without telling the broker.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildWhenStale } from './build.mjs';
import { installMissing } from './install.mjs';
import { ROOT } from './run.mjs';

await installMissing();
await buildWhenStale();

const program = join(ROOT, 'dist', 'cli', 'leveret.js');
process.argv[1] = program;
await import(pathToFileURL(program).href);
