/**
 * The repository keeps its own rules: reads every source file and fails with the sentence that says what to do.
 * The checks are in tidy/, each with a test of its own that shows it failing.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkFloors } from './tidy/floors.ts';
import { checkCycles, checkOrphans } from './tidy/graph.ts';
import { checkLanguage, checkNonNull } from './tidy/language.ts';
import { checkComments, checkFolders, checkHeaders, checkNamedFiles, checkNames } from './tidy/prose.ts';
import { checkFileSize, checkFunctionSize } from './tidy/size.ts';
import { parseSource, type Source } from './tidy/source.ts';
import { checkWords } from './tidy/words.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const paths: readonly string[] = ['src', 'test', 'bench', 'scripts', 'docs'].flatMap(filesBelow);
const sources: readonly Source[] = paths
  .filter((path) => /\.(ts|mjs)$/.test(path))
  .map((path) => parseSource(path, readFileSync(ROOT + path, 'utf8')));
const typescript = sources.filter(({ path }) => path.endsWith('.ts'));

test('imports go down the floors only', () => {
  expect(checkFloors(sources)).toEqual([]);
});

test('imports form no cycle', () => {
  expect(checkCycles(sources)).toEqual([]);
});

test('every file is imported by something', () => {
  expect(checkOrphans(sources)).toEqual([]);
});

test('files are short', () => {
  expect(checkFileSize(sources)).toEqual([]);
});

test('functions are short', () => {
  expect(checkFunctionSize(sources)).toEqual([]);
});

test('base and core neither wait nor ask the world', () => {
  expect(checkWords(sources)).toEqual([]);
});

test('no any, enum, namespace, default export, private or empty catch', () => {
  expect(checkLanguage(sources)).toEqual([]);
});

test('"!" stands only on an index in a hot path', () => {
  expect(checkNonNull(typescript, hotPaths())).toEqual([]);
});

test('every file opens by saying what it is for', () => {
  expect(checkHeaders(sources)).toEqual([]);
});

test('comments leave nothing for later', () => {
  expect(checkComments(sources)).toEqual([]);
});

test('files have names that say what is inside', () => {
  expect(checkNames(sources.map(({ path }) => path))).toEqual([]);
});

test('ARCHITECTURE.md names every folder', () => {
  const folders = new Set(sources.map(({ path }) => path.slice(0, path.lastIndexOf('/'))));
  expect(checkFolders([...folders].sort(), readFileSync(`${ROOT}ARCHITECTURE.md`, 'utf8'))).toEqual([]);
});

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md'])('%s names no file that is gone', (document) => {
  expect(checkNamedFiles(document, readFileSync(ROOT + document, 'utf8'), paths)).toEqual([]);
});

function filesBelow(folder: string): string[] {
  if (!existsSync(ROOT + folder)) return [];
  return readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort();
}

/** The files for which biome.json switches `noNonNullAssertion` off: the one list of hot paths. */
function hotPaths(): string[] {
  const biome = JSON.parse(readFileSync(`${ROOT}biome.json`, 'utf8')) as {
    overrides: { includes: string[]; linter: { rules: { style: Record<string, string> } } }[];
  };
  return biome.overrides
    .filter(({ linter }) => linter.rules.style.noNonNullAssertion === 'off')
    .flatMap(({ includes }) => includes)
    .filter((path) => existsSync(ROOT + path));
}
