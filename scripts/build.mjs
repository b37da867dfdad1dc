/**
 * `npm run build`: compiles src/ into dist/ unless dist/ already comes from exactly these sources.
 *
 * "Exactly" is a hash over the contents of what the compiler reads, kept in dist/.build-stamp: file times lie after a
 * checkout. What remains in dist/ of a source that is gone is removed, so that a package never holds it.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installMissing } from './install.mjs';
import { ROOT, runInstalled } from './run.mjs';

const DIST = join(ROOT, 'dist');
const SOURCE = join(ROOT, 'src');
const STAMP = join(DIST, '.build-stamp');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await installMissing();
  await buildWhenStale();
}

export async function buildWhenStale() {
  const sources = filesBelow(SOURCE).filter((file) => !/\.(test|test-suite)\.ts$/.test(file));
  const stamp = hashOf(sources);
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  console.log('leveret: building');
  rmSync(STAMP, { force: true });
  const code = await runInstalled('typescript/bin/tsc', ['-p', 'tsconfig.json']);
  if (code !== 0) {
    console.error('leveret: the build failed, see above.');
    process.exit(code);
  }
  removeLeftovers(sources);
  writeFileSync(STAMP, stamp);
}

/** @param {readonly string[]} sources below src/ */
function hashOf(sources) {
  const hash = createHash('sha256');
  for (const file of sources) hash.update(`\0${file}\0`).update(readFileSync(join(SOURCE, file)));
  for (const file of ['tsconfig.json', 'package-lock.json']) hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

/** @param {readonly string[]} sources below src/ */
function removeLeftovers(sources) {
  const stems = new Set(sources.map((file) => file.replace(/\.ts$/, '')));
  for (const file of filesBelow(DIST)) {
    const stem = file.replace(/\.(d\.ts|js\.map|js)$/, '');
    if (stem !== file && !stems.has(stem)) rmSync(join(DIST, file));
  }
}

/** @param {string} folder */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    )
    .sort();
}
