/**
 * Words that a floor may not use. Base and core never wait, ask no clock and draw no random number of their own: time,
 * chance and output are passed in, so that the simulator can repeat every run from one seed.
 */

import { isTest } from './floors.ts';
import { isNode, nameOf, type Source, type SyntaxNode, walk } from './source.ts';

/** Globals, with what to do instead. */
const BANNED_BELOW: Readonly<Record<string, string>> = {
  Promise: 'return a value, or report through a port later',
  Date: 'take a Clock',
  performance: 'take a Clock',
  setTimeout: 'keep a deadline that the server calls back on',
  setInterval: 'keep a deadline that the server calls back on',
  setImmediate: 'leave the work to the pump',
  queueMicrotask: 'leave the work to the pump',
  console: 'throw a BrokerError, assert, or report through a port',
  process: 'take what you need as an argument',
  Buffer: 'use Uint8Array; Buffer starts at protocols/ and storage/',
};

const BANNED_IN_CORE: Readonly<Record<string, string>> = {
  ...BANNED_BELOW,
  RegExp: 'write a loop; patterns of users come in as a matcher port',
};

const BANNED_IN_UNIT_TESTS: Readonly<Record<string, string>> = {
  setTimeout: 'move the ManualClock instead of sleeping',
  setInterval: 'move the ManualClock instead of polling',
};

export function checkWords(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const banned = bannedIn(source.path);
    return banned === undefined ? [] : bannedWords(source, banned);
  });
}

function bannedIn(path: string): Readonly<Record<string, string>> | undefined {
  const part = path.startsWith('src/') ? path.split('/')[1] : undefined;
  if (part === undefined || part === 'server' || part === 'cli') return undefined;
  if (isTest(path)) return BANNED_IN_UNIT_TESTS;
  if (part === 'base') return BANNED_BELOW;
  return part === 'core' ? BANNED_IN_CORE : undefined;
}

function bannedWords(source: Source, banned: Readonly<Record<string, string>>): string[] {
  const found: string[] = [];
  const report = (node: SyntaxNode, word: string, instead: string) =>
    found.push(`${source.path}:${source.lineAt(node.start)} uses ${word}: ${instead}`);
  walk(source.root, (node, parent) => {
    const name = nameOf(node);
    const instead = name !== undefined && Object.hasOwn(banned, name) ? banned[name] : undefined;
    if (name !== undefined && instead !== undefined && !isMemberName(node, parent)) report(node, name, instead);
    if (isTest(source.path)) return;
    if (node.async === true || node.type === 'AwaitExpression') report(node, 'async', 'the core never waits');
    if (isMathRandom(node)) report(node, 'Math.random', 'take a Random');
  });
  return found;
}

/** `x.Date`, `{ Date: 1 }` and a method called `process` are names of our own, not the global. */
function isMemberName(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined || parent.computed === true) return false;
  return parent.property === node || (parent.key === node && parent.value !== node);
}

function isMathRandom(node: SyntaxNode): boolean {
  if (node.type !== 'MemberExpression' || nameOf(node.object) !== 'Math') return false;
  return isNode(node.property) && nameOf(node.property) === 'random';
}
