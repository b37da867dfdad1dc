/**
 * Imports go down the floors only: base < core < storage, protocols, auth < links, management < server, cli.
 */

import type { ImportOf, Source } from './source.ts';

/** A part of src/ with the parts that it may import, itself aside. */
interface Floor {
  readonly mayImport: readonly string[];
  readonly mayImportPackages: boolean;
}

const FLOORS: Readonly<Record<string, Floor>> = {
  base: { mayImport: [], mayImportPackages: false },
  core: { mayImport: ['base'], mayImportPackages: false },
  storage: { mayImport: ['base', 'core'], mayImportPackages: true },
  protocols: { mayImport: ['base', 'core'], mayImportPackages: true },
  auth: { mayImport: ['base', 'core'], mayImportPackages: true },
  links: { mayImport: ['base', 'core', 'storage', 'protocols', 'auth'], mayImportPackages: true },
  management: { mayImport: ['base', 'core', 'storage', 'protocols', 'auth'], mayImportPackages: true },
  server: {
    mayImport: ['base', 'core', 'storage', 'protocols', 'auth', 'links', 'management'],
    mayImportPackages: true,
  },
  'index.ts': {
    mayImport: ['base', 'core', 'storage', 'protocols', 'auth', 'links', 'management', 'server'],
    mayImportPackages: true,
  },
  cli: { mayImport: ['base'], mayImportPackages: true },
};

/** The program that is the server: the one part of cli/ that does not talk HTTP. */
const SERVER_PROGRAM = /^src\/cli\/leveret(-[a-z-]+)?(\.test)?\.ts$/;

/** Imports that a unit test needs on any floor. */
const TEST_PACKAGES = new Set(['vitest', 'fast-check']);

export function checkFloors(sources: readonly Source[]): string[] {
  return sources
    .filter((source) => source.path.startsWith('src/'))
    .flatMap((source) =>
      source.imports.flatMap((imported) => {
        const why = whyForbidden(source, imported);
        return why === undefined ? [] : [`${source.path}:${imported.line} imports ${imported.target}: ${why}`];
      }),
    );
}

function whyForbidden(source: Source, imported: ImportOf): string | undefined {
  const name = partOf(source.path);
  const floor = FLOORS[name];
  if (floor === undefined) return `${name} has no floor; give it one in test/tidy/floors.ts and ARCHITECTURE.md`;
  if (isTest(source.path) && isTestMaterial(imported)) return undefined;
  if (!imported.isOurs) return floor.mayImportPackages ? undefined : noPackages(name);
  if (!imported.target.startsWith('src/')) return 'code under src/ imports only from src/; move what it needs there';
  const target = partOf(imported.target);
  if (name === 'protocols' && target === 'protocols') return whyForbiddenProtocol(source.path, imported.target);
  if (target === name || floor.mayImport.includes(target)) return undefined;
  if (name === 'cli') return whyForbiddenInCli(source.path, target, imported.isTypeOnly);
  return `${name} may import ${listOf(floor)}; pass it in through a port instead, or move the file up a floor`;
}

function isTestMaterial(imported: ImportOf): boolean {
  return imported.isOurs ? imported.target.startsWith('test/') : TEST_PACKAGES.has(imported.target);
}

function noPackages(name: string): string {
  return `${name} imports no packages and no node:*; pass what it needs in through a port`;
}

/** One protocol knows nothing of another; files directly in protocols/ are shared and know none. */
function whyForbiddenProtocol(from: string, to: string): string | undefined {
  const target = protocolOf(to);
  if (target === undefined || target === protocolOf(from)) return undefined;
  return `only ${target} itself imports from protocols/${target}; move what both need to protocols/, core/ or base/`;
}

function whyForbiddenInCli(from: string, target: string, isTypeOnly: boolean): string | undefined {
  if (SERVER_PROGRAM.test(from) && (target === 'server' || target === 'index.ts')) return undefined;
  if (target === 'index.ts' && isTypeOnly) return undefined;
  return 'commands talk HTTP: cli imports base and the types of index.ts; only cli/leveret.ts starts the server';
}

function listOf(floor: Floor): string {
  return floor.mayImport.length === 0 ? 'only itself' : `itself, ${floor.mayImport.join(', ')}`;
}

/** The part of src/ that a path belongs to: a folder's name, or the file's for a file directly in src/ and its test. */
function partOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.test\.ts$/, '.ts');
}

function protocolOf(path: string): string | undefined {
  const parts = path.split('/');
  return parts.length > 3 ? parts[2] : undefined;
}

export function isTest(path: string): boolean {
  return /\.(test|test-suite|long)\.ts$/.test(path);
}
