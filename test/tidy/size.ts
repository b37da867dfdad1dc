/**
 * Sizes: a file has at most 400 lines, 500 with a reason in its header; a function at most 70. Generated files are
 * exempt, and so are functions that consist of tests, which are chapters rather than functions.
 */

import { isNode, nameOf, type Source, type SyntaxNode, walk } from './source.ts';

const FILE_LINES_MAX = 400;
const LONG_FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const TEST_WORDS = new Set(['describe', 'test', 'it']);

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
  walk(source.root, (node) => {
    if (!FUNCTIONS.has(node.type) || isChapter(node)) return;
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

/** A function that consists of tests: the callback of a `describe`, or a suite that implementations share. */
function isChapter(node: SyntaxNode): boolean {
  if (!isNode(node.body) || !Array.isArray(node.body.body)) return false;
  return node.body.body.some(
    (statement) => isNode(statement) && statement.type === 'ExpressionStatement' && isTestCall(statement.expression),
  );
}

/** `test(…)`, `test.each(…)(…)`, `describe.skipIf(…)(…)` and the like. */
function isTestCall(expression: unknown): boolean {
  let callee = expression;
  while (isNode(callee) && callee.type !== 'Identifier') callee = callee.callee ?? callee.object;
  return callee !== expression && TEST_WORDS.has(nameOf(callee) ?? '');
}

function isGenerated(source: Source): boolean {
  return /^(code )?generated\b/im.test(source.header);
}
