/**
 * Names, headers and comments: what a reader sees before the code.
 */

import type { Source } from './source.ts';

const HEADER_LENGTH_MIN = 20;
const HEADER_LINES_MAX = 10;

/** Words that say nothing about what is inside. */
const EMPTY_NAMES = new Set(['utils', 'util', 'helpers', 'helper', 'misc', 'common', 'manager', 'service']);

export function checkHeaders(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, header }) => {
    const lines = header.split('\n').filter((line) => line.trim() !== '').length;
    if (header.length < HEADER_LENGTH_MIN)
      return [`${path} opens without a comment: say in 1 to 5 lines what it is for`];
    if (lines > HEADER_LINES_MAX) return [`${path} opens with ${lines} lines of comment: keep to what it is for`];
    return [];
  });
}

export function checkComments(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    source.comments.flatMap((comment) => {
      const at = `${source.path}:${source.lineAt(comment.start)}`;
      if (/\bFIXME\b/.test(comment.value)) return [`${at} says FIXME: fix it, or open an issue`];
      if (/\bTODO\b(?!\(#\d+\))/.test(comment.value)) return [`${at} has a TODO without its issue: write TODO(#12)`];
      return [];
    }),
  );
}

export function checkNames(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const names = path.split('/').map((part) => part.replace(/\..*$/, ''));
    const empty = names.find((name) => name.split('-').some((word) => EMPTY_NAMES.has(word)));
    if (empty !== undefined) return [`${path}: "${empty}" does not say what is inside; name the concept`];
    const odd = names.find((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name));
    return odd === undefined ? [] : [`${path}: write "${odd}" in kebab-case`];
  });
}

/**
 * @param folders from the repository's root
 * @param architecture the text of ARCHITECTURE.md
 */
export function checkFolders(folders: readonly string[], architecture: string): string[] {
  return folders
    .filter((folder) => !architecture.includes(`\`${folder}/\``))
    .map((folder) => `ARCHITECTURE.md does not name \`${folder}/\`: say there in one line what it is for`);
}

/**
 * A file that a document names, from the repository's root, exists.
 *
 * @param paths all files of the repository
 */
export function checkNamedFiles(document: string, text: string, paths: readonly string[]): string[] {
  const named = [...text.matchAll(/`((?:src|test|bench|scripts|docs)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path ?? '');
  return [...new Set(named)]
    .filter((path) => !paths.includes(path))
    .map((path) => `${document} names ${path}, which does not exist: say where it went`);
}
