/** Makes the text of ../methods.ts: the ids, the sets of methods, and the codec that leads to the classes. */

import { fileComment, pascalCase, unionType, wireName } from './layout.mjs';
import { CLASSES } from './methods-table.mjs';

/** @import { Method } from './methods-table.mjs' */

export function methodsFile() {
  const lines = [
    ...fileComment(
      'The methods of AMQP 0-9-1 with their ids, and their codec: bytes to methods and back, both directions.',
    ),
    "import type { ByteReader } from '../../base/byte-reader.ts';",
    "import type { ByteWriter } from '../../base/byte-writer.ts';",
    ...CLASSES.map(({ name }) => name)
      .sort()
      .map(classImport),
    '',
    ...methodIds(),
    ...unionType('Method', classTypes()),
    '',
    ...idSet('CONTENT_METHODS', 'The methods that a content header and a body follow.', (method) => method.hasContent),
    ...idSet('CLIENT_METHODS', 'The methods that a client may send.', (method) => method.sender !== 'server'),
    ...idSet('SERVER_METHODS', 'The methods that a server may send.', (method) => method.sender !== 'client'),
    ...findMethodName(),
    ...decodeMethod(),
    ...encodeMethod(),
    ...decodeFields(),
  ];
  return `${lines.join('\n')}\n`;
}

/** @param {string} name of a class */
function classImport(name) {
  const pascal = pascalCase(name);
  const names = [`decode${pascal}`, `encode${pascal}`, `${pascal}Method`].sort((a, b) =>
    sortKey(a) < sortKey(b) ? -1 : 1,
  );
  const specifiers = names.map((specifier) => (specifier.endsWith('Method') ? `type ${specifier}` : specifier));
  return `import { ${specifiers.join(', ')} } from './methods/${name}.ts';`;
}

function methodIds() {
  return [
    '/** The class id in the upper 16 bits, the method id in the lower ones. */',
    'export const METHOD_IDS = {',
    ...allMethods().map(({ wireName, id }) => `  '${wireName}': ${id},`),
    '} as const;',
    '',
    'export type MethodName = keyof typeof METHOD_IDS;',
    '',
  ];
}

function findMethodName() {
  return [
    'const NAMES: ReadonlyMap<number, MethodName> = new Map(',
    '  Object.entries(METHOD_IDS).map(([name, id]) => [id, name as MethodName]),',
    ');',
    '',
    '/** The name that belongs to an id such as those of `METHOD_IDS`; undefined for an unknown one. */',
    'export function findMethodName(id: number): MethodName | undefined {',
    '  return NAMES.get(id);',
    '}',
    '',
  ];
}

function decodeMethod() {
  return [
    '/**',
    ' * Reads the fields of a method, up to the end of the reader.',
    ' * @param id as in `METHOD_IDS`: the first four bytes of the payload as one number, already read.',
    ' * @returns undefined for an unknown id.',
    ' * @throws CodecError when bytes are missing, wrong or left over.',
    ' */',
    'export function decodeMethod(id: number, reader: ByteReader): Method | undefined {',
    '  const method = decodeFields(id, reader);',
    '  if (method !== undefined) reader.expectEnd(method.name);',
    '  return method;',
    '}',
    '',
  ];
}

function encodeMethod() {
  return [
    '/** Writes the payload of a method frame: ids and fields. @throws CodecError when a text takes more than 255 bytes. */',
    'export function encodeMethod(writer: ByteWriter, method: Method): void {',
    '  const id = METHOD_IDS[method.name];',
    '  writer.u32(id);',
    '  switch (id >>> 16) {',
    ...CLASSES.flatMap(({ id, name }) => [
      `    case ${id}:`,
      `      encode${pascalCase(name)}(writer, method as ${pascalCase(name)}Method);`,
      '      break;',
    ]),
    '  }',
    '}',
    '',
  ];
}

function decodeFields() {
  return [
    'function decodeFields(id: number, reader: ByteReader): Method | undefined {',
    '  switch (id >>> 16) {',
    ...CLASSES.flatMap(({ id, name }) => [
      `    case ${id}:`,
      `      return decode${pascalCase(name)}(id & 0xffff, reader);`,
    ]),
    '    default:',
    '      return undefined;',
    '  }',
    '}',
  ];
}

/** @param {string} name @param {string} comment @param {(method: Method) => boolean} isMember */
function idSet(name, comment, isMember) {
  const members = allMethods().filter(({ method }) => isMember(method));
  return [
    `/** ${comment} */`,
    `export const ${name}: ReadonlySet<number> = new Set<number>([`,
    ...members.map(({ wireName }) => `  METHOD_IDS['${wireName}'],`),
    ']);',
    '',
  ];
}

/** Every method with its full name and id. */
function allMethods() {
  return CLASSES.flatMap((methodClass) =>
    methodClass.methods.map((method) => ({
      method,
      wireName: wireName(methodClass, method),
      id: `0x${((methodClass.id << 16) | method.id).toString(16).padStart(8, '0')}`,
    })),
  );
}

function classTypes() {
  return CLASSES.map(({ name }) => `${pascalCase(name)}Method`);
}

/** What biome sorts imports by: letters first, then capitals before small ones. @param {string} name */
function sortKey(name) {
  return name.replace(/./g, (letter) => letter.toLowerCase() + (letter === letter.toLowerCase() ? '1' : '0'));
}
