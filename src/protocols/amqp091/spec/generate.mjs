/**
 * Makes ../methods.ts and ../methods/*.ts from methods-table.mjs.
 *
 * `npm run generate` writes the files; with `--check` nothing is written and the exit code says whether they are what
 * the table gives.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { classFile } from './class-file.mjs';
import { methodsFile } from './methods-file.mjs';
import { CLASSES } from './methods-table.mjs';

const FOLDER = new URL('../', import.meta.url);

if (process.argv.includes('--check')) process.exitCode = check() ? 0 : 1;
else write();

/** True when the checked-in files are what the table gives, and there are no others. */
function check() {
  const files = generate();
  const stale = [...files].filter(([name, text]) => readFileSync(new URL(name, FOLDER), 'utf8') !== text);
  for (const [name] of stale) console.error(`${name} is not what spec/generate.mjs gives: npm run generate`);
  const extra = readdirSync(new URL('methods/', FOLDER)).filter((name) => !files.has(`methods/${name}`));
  for (const name of extra) console.error(`methods/${name} is of no class in spec/methods-table.mjs`);
  return stale.length + extra.length === 0;
}

function write() {
  for (const [name, text] of generate()) writeFileSync(new URL(name, FOLDER), text);
}

/** @returns {Map<string, string>} the text of each file by its path below amqp091/ */
function generate() {
  const files = new Map([['methods.ts', methodsFile()]]);
  for (const methodClass of CLASSES) files.set(`methods/${methodClass.name}.ts`, classFile(methodClass));
  return files;
}
