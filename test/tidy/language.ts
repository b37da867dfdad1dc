/**
 * Parts of the language that this house does without, and the one place where `!` may stand: on an index of a typed
 * array, in the files that biome.json lists as hot paths and whose header says so.
 */

import { isNode, type Source, type SyntaxNode, walk } from './source.ts';

const HOT_PATH = 'hot path: flat memory';

export function checkLanguage(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const found: string[] = [];
    walk(source.root, (node) => {
      const why = whyUnwanted(node);
      if (why !== undefined) found.push(`${source.path}:${source.lineAt(node.start)} ${why}`);
    });
    return found;
  });
}

/** @param hotPaths the files that biome.json allows `!` in */
export function checkNonNull(sources: readonly Source[], hotPaths: readonly string[]): string[] {
  return sources.flatMap((source) => {
    const isListed = hotPaths.includes(source.path);
    const saysSo = source.header.includes(HOT_PATH);
    if (isListed && !saysSo) return [`${source.path} is listed in biome.json: say "${HOT_PATH}" in its header`];
    if (saysSo && !isListed) return [`${source.path} says "${HOT_PATH}": list it in the overrides of biome.json`];
    return assertionsIn(source, isListed);
  });
}

function assertionsIn(source: Source, isHotPath: boolean): string[] {
  const found: string[] = [];
  walk(source.root, (node) => {
    if (node.type !== 'TSNonNullExpression' || (isHotPath && isIndexed(node.expression))) return;
    const instead = isHotPath ? 'even here it stands only on an index' : 'check for undefined, or assert';
    found.push(`${source.path}:${source.lineAt(node.start)} uses "!": ${instead}`);
  });
  return found;
}

function isIndexed(node: unknown): boolean {
  return isNode(node) && node.type === 'MemberExpression' && node.computed === true;
}

function whyUnwanted(node: SyntaxNode): string | undefined {
  if (node.type === 'TSAnyKeyword') return 'uses any: use unknown and check it';
  if (node.type === 'TSEnumDeclaration') return 'declares an enum: use a const object or a union of strings';
  if (node.type === 'TSModuleDeclaration') return 'declares a namespace: a file is the namespace';
  if (node.type === 'ExportDefaultDeclaration') return 'has a default export: export it by name';
  if (node.accessibility === 'private' && node.kind !== 'constructor') return 'uses private: write #name';
  if (node.type === 'CatchClause' && isEmpty(node.body)) return 'has an empty catch: handle it or let it pass';
  return undefined;
}

function isEmpty(block: unknown): boolean {
  return isNode(block) && Array.isArray(block.body) && block.body.length === 0;
}
