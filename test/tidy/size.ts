/**
 * Sizes: a file has at most 400 lines, 500 with a reason in its header; a function at most 70. Generated files are
 * exempt, and so are the callbacks of `describe`, which are chapters rather than functions.
 */

import { nameOf, type Source, type SyntaxNode, walk } from './source.ts';

const FILE_LINES_MAX = 400;
const LONG_FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

export function checkFileSize(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const linesMax = /long file: \S/.test(source.header) ? LONG_FILE_LINES_MAX : FILE_LINES_MAX;
    if (isGenerated(source) || source.lineCount <= linesMax) return [];
    return [
      `${source.path} has ${source.lineCount} lines of at most ${linesMax}: split it by concept (up to ` +
        `${LONG_FILE_LINES_MAX} with "long file: <reason>" in its header)`,
    ];
  });
}

export function checkFunctionSize(sources: readonly Source[]): string[] {
  return sources.filter((source) => !isGenerated(source)).flatMap(longFunctions);
}

function longFunctions(source: Source): string[] {
  const found: string[] = [];
  walk(source.root, (node, parent) => {
    if (!FUNCTIONS.has(node.type) || isChapter(node, parent)) return;
    const line = source.lineAt(node.start);
    const lines = source.lineAt(node.end) - line + 1;
    if (lines <= FUNCTION_LINES_MAX) return;
    found.push(
      `${source.path}:${line} has a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}: keep the decisions, ` +
        'move each step to a function that its name explains',
    );
  });
  return found;
}

function isChapter(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent?.type !== 'CallExpression' || parent.callee === node) return false;
  return calleeName(parent) === 'describe';
}

/** `describe` of `describe(…)`, `describe.skipIf(…)(…)` and `describe.each(…)(…)`. */
function calleeName(call: SyntaxNode): string | undefined {
  let callee = call.callee;
  while (typeof callee === 'object' && callee !== null) {
    const name = nameOf(callee);
    if (name !== undefined) return name;
    callee = (callee as SyntaxNode).object ?? (callee as SyntaxNode).callee;
  }
  return undefined;
}

function isGenerated(source: Source): boolean {
  return /\bgenerated\b/i.test(source.header);
}
