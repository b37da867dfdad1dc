/**
 * Installs the packages of package-lock.json when one that package.json names is missing or has another version.
 */

import { existsSync, readFileSync } from 'node:fs';
import { ROOT, runNpm } from './run.mjs';

export async function installMissing() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  console.log(`leveret: installing packages (missing: ${missing.join(', ')})`);
  const code = await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code === 0) return;
  console.error('leveret: `npm ci` failed, see above. It needs the npm registry.');
  process.exit(code);
}

/** @returns {string[]} */
function missingPackages() {
  const manifest = readJson('package.json');
  const locked = readJson('package-lock.json').packages;
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  return names.filter((name) => {
    const file = `node_modules/${name}/package.json`;
    return !existsSync(ROOT + file) || readJson(file).version !== locked[`node_modules/${name}`]?.version;
  });
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(ROOT + path, 'utf8'));
}
