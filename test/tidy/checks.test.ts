/**
 * Each tidy check is shown a source that breaks its rule and one that keeps it: a check that cannot fail is none.
 */

import { describe, expect, test } from 'vitest';
import { checkFloors } from './floors.ts';
import { checkCycles, checkOrphans } from './graph.ts';
import { checkLanguage, checkNonNull } from './language.ts';
import { checkComments, checkFolders, checkHeaders, checkNamedFiles, checkNames } from './prose.ts';
import { checkFileSize, checkFunctionSize } from './size.ts';
import { parseSource } from './source.ts';
import { checkWords } from './words.ts';

const lines = (count: number) => 'x();\n'.repeat(count);

describe('floors', () => {
  const importing = (path: string, line: string) => checkFloors([parseSource(path, line)]);

  test.each([
    ['src/base/ring.ts', "import { x } from '../core/pump.ts';", 'base may import only itself'],
    ['src/base/ring.ts', "import { x } from 'node:buffer';", 'no packages and no node:*'],
    ['src/core/pump.ts', "import type { X } from '../protocols/session.ts';", 'core may import itself, base;'],
    ['src/core/pump.ts', "type X = import('../storage/log.ts').X;", 'core may import itself, base;'],
    ['src/core/pump.ts', "import { x } from 'commander';", 'no packages and no node:*'],
    ['src/core/pump.ts', "export * from '../../bench/load.ts';", 'imports only from src/'],
    ['src/storage/memory/log.ts', "import { x } from '../../protocols/session.ts';", 'storage may import itself'],
    ['src/protocols/amqp091/a.ts', "import { x } from '../../auth/sasl.ts';", 'protocols may import itself'],
    ['src/protocols/amqp091/a.ts', "import { x } from '../mqtt/b.ts';", 'only mqtt itself imports from protocols/mqtt'],
    ['src/protocols/session.ts', "import { x } from './mqtt/b.ts';", 'only mqtt itself imports from protocols/mqtt'],
    ['src/links/shovel/a.ts', "import { x } from '../../management/api.ts';", 'links may import itself'],
    ['src/management/api.ts', "import { x } from '../server/turn.ts';", 'management may import itself'],
    ['src/server/turn.ts', "import { x } from '../cli/leveret.ts';", 'server may import itself'],
    ['src/cli/leveretctl.ts', "import { x } from '../server/turn.ts';", 'commands talk HTTP'],
    ['src/cli/leveretctl.ts', "import { createBroker } from '../index.ts';", 'commands talk HTTP'],
    ['src/cli/commands/list.ts', "await import('../../core/vhost.ts');", 'commands talk HTTP'],
    ['src/plugins/a.ts', "import { x } from './b.ts';", 'plugins has no floor'],
  ])('%s may not: %s', (path, line, sentence) => {
    expect(importing(path, line)).toEqual([expect.stringContaining(sentence)]);
  });

  test.each([
    ['src/core/queue/classic.ts', "import { x } from '../../base/ring.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from '../session.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from './b.ts';"],
    ['src/management/api.ts', "import { x } from '../auth/internal.ts';"],
    ['src/server/turn.ts', "import { x } from 'node:net';"],
    ['src/cli/leveret.ts', "import { x } from '../server/create-broker.ts';"],
    ['src/cli/leveretctl.ts', "import type { X } from '../index.ts';"],
    ['src/base/ring.test.ts', "import { test } from 'vitest';"],
    ['src/index.test.ts', "import { createBroker } from './index.ts';"],
    ['src/cli/leveret-program.test.ts', "import { x } from '../server/listener.ts';"],
  ])('%s may: %s', (path, line) => {
    expect(importing(path, line)).toEqual([]);
  });
});

describe('the graph of imports', () => {
  const a = parseSource('src/core/a.ts', "import type { B } from './b.ts';");
  const b = parseSource('src/core/b.ts', "export { C } from './queue/c.ts';");
  const c = parseSource('src/core/queue/c.ts', "import { A } from '../a.ts';");
  const leaf = parseSource('src/core/queue/c.ts', 'export const C = 1;');

  test('a cycle is found even when one of its imports is only of types', () => {
    expect(checkCycles([a, b, c])).toEqual([
      expect.stringContaining('src/core/a.ts -> src/core/b.ts -> src/core/queue/c.ts -> src/core/a.ts is a cycle'),
    ]);
    expect(checkCycles([a, b, leaf])).toEqual([]);
  });

  test('a file that only its own test imports is unused', () => {
    const ownTest = parseSource('src/core/a.test.ts', "import { A } from './a.ts';");
    const entry = parseSource('src/index.ts', '');
    expect(checkOrphans([a, b, leaf, ownTest, entry])).toEqual([
      expect.stringContaining('src/core/a.ts is imported by nothing but its test'),
    ]);
  });
});

describe('sizes', () => {
  test('a file has at most 400 lines', () => {
    expect(checkFileSize([parseSource('src/a.ts', lines(401))])).toEqual([expect.stringContaining('401 lines')]);
    expect(checkFileSize([parseSource('src/a.ts', lines(400))])).toEqual([]);
  });

  test('a file that gives its reason has at most 500', () => {
    const header = '/* long file: one table */\n';
    expect(checkFileSize([parseSource('src/a.ts', header + lines(500))])).toEqual([
      expect.stringContaining('501 lines'),
    ]);
    expect(checkFileSize([parseSource('src/a.ts', header + lines(499))])).toEqual([]);
  });

  test('a generated file may be as long as it must be', () => {
    const text = `/* Generated from the method table. */\nfunction f() {\n${lines(600)}}\n`;
    expect([
      ...checkFileSize([parseSource('src/a.ts', text)]),
      ...checkFunctionSize([parseSource('src/a.ts', text)]),
    ]).toEqual([]);
  });

  test.each(['function f() {', 'const f = () => {', 'class A { f() {'])('%s … } has at most 70 lines', (opening) => {
    const closing = opening.startsWith('class') ? '}}' : '}';
    const source = (body: number) => parseSource('src/a.ts', `${opening}\n${lines(body)}${closing}`);
    expect(checkFunctionSize([source(69)])).toEqual([expect.stringContaining('a function of 71 lines')]);
    expect(checkFunctionSize([source(68)])).toEqual([]);
  });

  test('a chapter of tests may be longer, a test may not', () => {
    const chapter = (opening: string) =>
      parseSource('src/a.test.ts', `${opening}\n${lines(80)}test.each(x)('…', y);\n}`);
    const long = (opening: string) => parseSource('src/a.test.ts', `${opening}\n${lines(80)}});`);
    expect(checkFunctionSize([chapter('function suite() {')])).toEqual([]);
    expect(checkFunctionSize([long("describe.skipIf(x)('…', () => { test('…', y);")])).toEqual([]);
    expect(checkFunctionSize([long("test('…', () => {")])).toHaveLength(1);
  });
});

describe('words', () => {
  test.each([
    ['async function f() {}', 'async'],
    ['await x;', 'async'],
    ['let x: Promise<number>;', 'Promise'],
    ['const now = Date.now();', 'Date'],
    ['const x = Math.random();', 'Math.random'],
    ['setTimeout(f, 1);', 'setTimeout'],
    ['console.log(1);', 'console'],
    ['Buffer.alloc(1);', 'Buffer'],
    ['new RegExp(text);', 'RegExp'],
  ])('the core may not write: %s', (text, word) => {
    expect(checkWords([parseSource('src/core/a.ts', text)])).toEqual([expect.stringContaining(`uses ${word}`)]);
  });

  test('comments, strings and members of our own may carry those words', () => {
    const text = "// No Promise.\nconst text = 'Date'; x.process(); class A { process() {} }";
    expect(checkWords([parseSource('src/core/a.ts', text)])).toEqual([]);
  });

  test('base keeps to the same words, the floors above need not', () => {
    const text = 'console.log(await x);';
    expect(checkWords([parseSource('src/base/a.ts', text)])).toHaveLength(2);
    expect(checkWords([parseSource('src/server/a.ts', text)])).toEqual([]);
  });

  test('a unit test does not sleep', () => {
    const text = 'await new Promise((resolve) => setTimeout(resolve, 10));';
    expect(checkWords([parseSource('src/core/a.test.ts', text)])).toEqual([expect.stringContaining('ManualClock')]);
  });
});

describe('language', () => {
  test.each([
    ['let x: any;', 'any'],
    ['enum E { A }', 'enum'],
    ['namespace N { export const x = 1; }', 'namespace'],
    ['export default 1;', 'default export'],
    ['class A { private x = 1; }', '#name'],
    ['try { f(); } catch {}', 'empty catch'],
  ])('no source may write: %s', (text, sentence) => {
    expect(checkLanguage([parseSource('src/core/a.ts', text)])).toEqual([expect.stringContaining(sentence)]);
  });

  test('unknown, #fields and a constructor that is private are welcome', () => {
    const text = 'class A { readonly #x: unknown = 1; private constructor() {} }';
    expect(checkLanguage([parseSource('src/core/a.ts', text)])).toEqual([]);
  });

  const path = 'src/base/arena.ts';
  const header = '/* hot path: flat memory */\n';

  test('"!" stands only on an index, in a file that is listed and says so', () => {
    expect(checkNonNull([parseSource(path, `${header}f(words[i]!);`)], [path])).toEqual([]);
    expect(checkNonNull([parseSource(path, `${header}f(word!);`)], [path])).toEqual([
      expect.stringContaining('only on an index'),
    ]);
    expect(checkNonNull([parseSource(path, 'f(words[i]!);')], [])).toEqual([expect.stringContaining('uses "!"')]);
  });

  test('the list and the headers of hot paths agree', () => {
    expect(checkNonNull([parseSource(path, header)], [])).toEqual([expect.stringContaining('list it')]);
    expect(checkNonNull([parseSource(path, '')], [path])).toEqual([expect.stringContaining('in its header')]);
  });
});

describe('prose', () => {
  test('a file opens with a comment, a first line for the shell aside', () => {
    const header = '/**\n * Counts what comes in and what goes out.\n */\n';
    expect(checkHeaders([parseSource('src/a.ts', header), parseSource('src/a.ts', `#!/bin/node\n${header}`)])).toEqual(
      [],
    );
    expect(checkHeaders([parseSource('src/a.ts', `x();\n${header}`)])).toEqual([
      expect.stringContaining('opens without a comment'),
    ]);
    expect(checkHeaders([parseSource('src/a.ts', `/*\n${'A line of it.\n'.repeat(11)}*/`)])).toHaveLength(1);
  });

  test('comments leave nothing for later without an issue', () => {
    const comments = (text: string) => checkComments([parseSource('src/a.ts', text)]);
    expect(comments('// FIXME: later')).toHaveLength(1);
    expect(comments('// TODO: later')).toHaveLength(1);
    expect(comments("// TODO(#12): later\nconst x = 'FIXME';")).toEqual([]);
  });

  test('names say what is inside, in kebab-case', () => {
    expect(checkNames(['src/core/dead-letter.test.ts'])).toEqual([]);
    expect(
      checkNames(['src/core/utils.ts', 'src/common/a.ts', 'src/queue-manager.ts', 'src/deadLetter.ts']),
    ).toHaveLength(4);
  });

  test('every folder is named in ARCHITECTURE.md', () => {
    const text = 'Below `src/core/` stands all that decides.';
    expect(checkFolders(['src/core', 'src/core/queue'], text)).toEqual([expect.stringContaining('`src/core/queue/`')]);
  });

  test('a document names no file that is gone', () => {
    const text = 'See `src/core/pump.ts`, `src/core/gone.ts` and `src/core/`.';
    expect(checkNamedFiles('A.md', text, ['src/core/pump.ts'])).toEqual([expect.stringContaining('src/core/gone.ts')]);
  });
});
