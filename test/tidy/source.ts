/**
 * A source file as the tidy checks see it: its text, its syntax tree and what it imports. Parsing is oxc-parser's.
 */

import { type Comment, parseSync } from 'oxc-parser';

/** Any node of the syntax tree. Fields beyond these are looked at by name, and only where their type was checked. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface ImportOf {
  /** The path from the repository's root for a file of ours, or the package's name. */
  readonly target: string;
  readonly isOurs: boolean;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

export interface Source {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly root: SyntaxNode;
  readonly comments: readonly Comment[];
  /** The text of the comment that opens the file, or ''. */
  readonly header: string;
  readonly imports: readonly ImportOf[];
  /** The line of an offset, from 1. */
  lineAt(offset: number): number;
}

export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { sourceType: 'module' });
  const error = errors[0];
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`);
  const root = program as unknown as SyntaxNode;
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  return {
    path,
    text,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    root,
    comments,
    header: headerOf(text, comments),
    imports: importsOf(path, root, lineAt),
    lineAt,
  };
}

/** Calls `visit` for every node below `node` and itself, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => void): void {
  walkBelow(node, undefined, visit);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The name of an identifier, or undefined for anything else. */
export function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value.name === 'string' ? value.name : undefined;
}

function walkBelow(
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => void,
): void {
  visit(node, parent);
  for (const field of Object.values(node)) {
    for (const child of Array.isArray(field) ? field : [field]) {
      if (isNode(child)) walkBelow(child, node, visit);
    }
  }
}

function headerOf(text: string, comments: readonly Comment[]): string {
  const start = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
  const first = comments.find((comment) => comment.start >= start);
  if (first === undefined || text.slice(start, first.start).trim() !== '') return '';
  return first.value.replace(/^\s*\*+ ?/gm, '').trim();
}

function importsOf(path: string, root: SyntaxNode, lineAt: (offset: number) => number): ImportOf[] {
  const found: ImportOf[] = [];
  walk(root, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const isOurs = specifier.startsWith('.');
    found.push({
      target: isOurs ? resolvePath(path, specifier) : specifier,
      isOurs,
      isTypeOnly: node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type',
      line: lineAt(node.start),
    });
  });
  return found;
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function specifierOf(node: SyntaxNode): string | undefined {
  if (!IMPORTING.has(node.type) || !isNode(node.source)) return undefined;
  return typeof node.source.value === 'string' ? node.source.value : undefined;
}

function resolvePath(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
