/**
 * What the imports say as a whole: no cycles, types included, and no file that nothing imports.
 */

import type { Source } from './source.ts';

/** Files that are started or imported from outside. */
const ENTRY_POINTS = new Set([
  'src/index.ts',
  'src/cli/leveret.ts',
  'src/cli/leveretctl.ts',
  'src/protocols/amqp091/spec/generate.mjs',
]);

export function checkCycles(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const cycle = [...trail.slice(start), path].join(' -> ');
      cycles.push(`${cycle} is a cycle: move what they share to a file of its own that imports neither`);
      return;
    }
    if (finished.has(path)) return;
    for (const imported of byPath.get(path)?.imports ?? []) {
      if (imported.isOurs) visit(imported.target, [...trail, path]);
    }
    finished.add(path);
  };
  for (const source of sources) visit(source.path, []);
  return cycles;
}

/** A file that only its own test imports counts as unused. */
export function checkOrphans(sources: readonly Source[]): string[] {
  const used = new Set<string>(ENTRY_POINTS);
  for (const source of sources) {
    for (const imported of source.imports) {
      if (source.path !== imported.target.replace(/\.ts$/, '.test.ts')) used.add(imported.target);
    }
  }
  return sources
    .filter(({ path }) => path.startsWith('src/') && !used.has(path) && !path.endsWith('.test.ts'))
    .map(({ path }) => `${path} is imported by nothing but its test: use it, delete it, or name it an entry point`);
}
