/** Tests of the extraction itself: on small texts, and on the documents where they are at hand. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAvailable } from '../support/requirement.ts';
import { extractPrograms, FOUNDING_DIR, readFoundingPrograms } from './extract.ts';

describe('extracting programs', () => {
  test('a fenced program ends at its fence', () => {
    const text = 'Prose.\n```python\nimport pika\nprint(1)\n```\nMore prose.\n';
    expect(extractPrograms('900', text)).toEqual([{ id: '900-1', source: 'import pika\nprint(1)\n' }]);
  });

  test('a fence without a program, or with a fragment of one, yields nothing', () => {
    expect(extractPrograms('900', '```\nchannel.queue_declare(queue="q")\n```\n')).toEqual([]);
  });

  test('a program indented by tabs loses its indentation and ends where prose stands further left', () => {
    const text = '生产者：\n\t\timport pika\n\n\t\tif x:\n\t\t\trun()\n\t消费者：\n\t\timport pika\n';
    expect(extractPrograms('900', text)).toEqual([
      { id: '900-1', source: 'import pika\n\nif x:\n    run()\n' },
      { id: '900-2', source: 'import pika\n' },
    ]);
  });

  test('lines that mix spaces into a tab-indented program belong to it', () => {
    const text = '\timport pika\n\tcall(\n        x,\n\t)\n';
    expect(extractPrograms('900', text)).toEqual([{ id: '900-1', source: 'import pika\ncall(\n    x,\n)\n' }]);
  });

  test('a program ends at a pasted copy button', () => {
    const text = '复制代码\nimport pika,time\nprint(1)\n\n# note\n复制代码\n\n复制代码\n#\n';
    expect(extractPrograms('900', text)).toEqual([{ id: '900-1', source: 'import pika,time\nprint(1)\n\n# note\n' }]);
  });
});

describe.skipIf(!isAvailable('the folder of founding documents', [FOUNDING_DIR]))('the founding documents', () => {
  test('hold 49 programs', () => {
    const perDocument = new Map<string, number>();
    for (const id of readFoundingPrograms().keys()) {
      const document = id.slice(0, 3);
      perDocument.set(document, (perDocument.get(document) ?? 0) + 1);
    }
    expect(Object.fromEntries(perDocument)).toEqual({ '000': 10, '001': 13, '002': 14, '003': 10, '004': 2 });
  });

  test('hold no program that no test runs', () => {
    const tests = readdirSync(new URL('.', import.meta.url))
      .filter((file) => /(?<!extract)\.(test|long)\.ts$/.test(file))
      .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
      .join('\n');
    expect([...readFoundingPrograms().keys()].filter((id) => !tests.includes(`'${id}'`))).toEqual([]);
  });
});
