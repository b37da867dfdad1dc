/**
 * Finds the Python programs in a founding document. The documents are blog posts of mixed quality: code is fenced,
 * indented by tabs below prose, or stands between "copy code" buttons that were pasted along.
 *
 * A program starts where pika is imported. It ends at a fence, at a copy button or where prose stands further left.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface FoundingProgram {
  /** Number of the document and of the program in it, from 1: `000-3`. */
  readonly id: string;
  readonly source: string;
}

/** Where the documents lie; the environment variable FOUNDING_DIR overrides it. */
export const FOUNDING_DIR =
  process.env.FOUNDING_DIR ?? fileURLToPath(new URL('../../../shared/founding', import.meta.url));

const PROGRAM_START = /^( *)import pika\b/;
const PROGRAM_END = /^ *```|^ *复制代码/;
const TAB_WIDTH = 4;

/** All programs of all documents, by id. */
export function readFoundingPrograms(folder: string = FOUNDING_DIR): ReadonlyMap<string, FoundingProgram> {
  const programs = new Map<string, FoundingProgram>();
  for (const file of documentsIn(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const program of extractPrograms(file.slice(0, 3), text)) programs.set(program.id, program);
  }
  return programs;
}

function documentsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^\d{3}_.*\.txt$/.test(file))
    .sort();
}

/** The programs of one document, in the order in which they stand. */
export function extractPrograms(documentId: string, text: string): FoundingProgram[] {
  const lines = text.split(/\r?\n/).map(expandTabs);
  const programs: FoundingProgram[] = [];
  for (const [index, line] of lines.entries()) {
    const start = PROGRAM_START.exec(line);
    if (start === null) continue;
    const source = programFrom(lines.slice(index), start[1] ?? '');
    programs.push({ id: `${documentId}-${programs.length + 1}`, source });
  }
  return programs;
}

function programFrom(lines: readonly string[], indent: string): string {
  const end = lines.findIndex((line) => PROGRAM_END.test(line) || isLeftOf(line, indent));
  const body = end === -1 ? lines : lines.slice(0, end);
  return `${body
    .map((line) => line.slice(indent.length))
    .join('\n')
    .trimEnd()}\n`;
}

function isLeftOf(line: string, indent: string): boolean {
  return line.trim() !== '' && !line.startsWith(indent);
}

function expandTabs(line: string): string {
  return line.replace(/^[\t ]+/, (space) => space.replaceAll('\t', ' '.repeat(TAB_WIDTH))).trimEnd();
}
