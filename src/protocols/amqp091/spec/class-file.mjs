/** Makes the text of a ../methods/*.ts: the types of a class's methods and the codec of their fields. */

import { fileComment, pascalCase, unionType, wireName } from './layout.mjs';

/** @import { Field, Method, MethodClass } from './methods-table.mjs' */

const TS_TYPES = {
  bit: 'boolean',
  octet: 'number',
  short: 'number',
  long: 'number',
  tag: 'number',
  shortstr: 'string',
  longstr: 'Uint8Array',
  table: 'FieldTable',
};

/** What reads and writes a field: methods of ByteReader and ByteWriter; tables and bits are apart. */
const ACCESSORS = {
  octet: 'u8',
  short: 'u16',
  long: 'u32',
  tag: 'deliveryTag',
  shortstr: 'shortString',
  longstr: 'longString',
};

/**
 * Texts that only clients send must be UTF-8, as in RabbitMQ, but for those of methods with content: the names and keys
 * of messages are looked up as they come.
 */
const STRICT_ACCESSORS = { ...ACCESSORS, shortstr: 'shortText' };

const RESERVED_VALUES = { bit: 'false', short: '0', shortstr: "''", longstr: 'new Uint8Array(0)' };

/** @param {MethodClass} methodClass */
export function classFile(methodClass) {
  const { name, methods } = methodClass;
  const pascal = pascalCase(name);
  const withFields = methods.filter((method) => method.fields.length > 0);
  // A parameter that is not used begins with an underscore.
  const mark = withFields.length === 0 ? '_' : '';
  const lines = [
    ...fileComment(`The methods of class ${name}: their types, and the codec of their fields.`),
    ...imports(methods),
    '',
    ...unionType(`${pascal}Method`, typeNames(methodClass)),
    '',
    ...methods.flatMap((method) => [...interfaceOf(methodClass, method), '']),
    '/** @returns undefined for an id that the class does not have. */',
    `export function decode${pascal}(methodId: number, ${mark}reader: ByteReader): ${pascal}Method | undefined {`,
    '  switch (methodId) {',
    ...methods.flatMap((method) => [`    case ${method.id}:`, `      return ${decoded(methodClass, method)};`]),
    '    default:',
    '      return undefined;',
    '  }',
    '}',
    '',
    `export function encode${pascal}(${mark}writer: ByteWriter, method: ${pascal}Method): void {`,
    '  switch (method.name) {',
    ...encodeCases(methodClass),
    '    default:',
    '      unreachable(method);',
    '  }',
    '}',
    ...withFields.flatMap((method) => ['', ...decoder(methodClass, method), '', ...encoder(methodClass, method)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** @param {readonly Method[]} methods */
function imports(methods) {
  const hasTable = methods.some(({ fields }) => fields.some(({ type }) => type === 'table'));
  const lines = [
    "import { unreachable } from '../../../base/assert.ts';",
    "import type { ByteReader } from '../../../base/byte-reader.ts';",
    "import type { ByteWriter } from '../../../base/byte-writer.ts';",
  ];
  if (!hasTable) return lines;
  return [...lines, "import { type FieldTable, readFieldTable, writeFieldTable } from '../../../base/field-table.ts';"];
}

/** @param {MethodClass} methodClass @param {Method} method */
function interfaceOf(methodClass, method) {
  return [
    `export interface ${typeName(methodClass, method)} {`,
    `  readonly name: '${wireName(methodClass, method)}';`,
    ...named(method).map(({ name, type }) => `  readonly ${camelCase(name)}: ${TS_TYPES[type]};`),
    '}',
  ];
}

/** @param {MethodClass} methodClass @param {Method} method */
function decoded(methodClass, method) {
  if (method.fields.length === 0) return `{ name: '${wireName(methodClass, method)}' }`;
  return `decode${pascalCase(method.name)}(reader)`;
}

/** @param {MethodClass} methodClass */
function encodeCases(methodClass) {
  const without = methodClass.methods.filter((method) => method.fields.length === 0);
  const lines = without.map((method) => `    case '${wireName(methodClass, method)}':`);
  if (without.length > 0) lines.push('      break;');
  for (const method of methodClass.methods) {
    if (method.fields.length === 0) continue;
    lines.push(`    case '${wireName(methodClass, method)}':`);
    lines.push(`      encode${pascalCase(method.name)}(writer${named(method).length > 0 ? ', method' : ''});`);
    lines.push('      break;');
  }
  return lines;
}

/**
 * The fields up to the last bits or reserved one are read by statements, those after it within the result.
 * @param {MethodClass} methodClass @param {Method} method
 */
function decoder(methodClass, method) {
  const { fields } = method;
  const accessors = method.sender === 'client' && !method.hasContent ? STRICT_ACCESSORS : ACCESSORS;
  const apart = fields.findLastIndex(({ name, type }) => name === '' || type === 'bit') + 1;
  return [
    `function decode${pascalCase(method.name)}(reader: ByteReader): ${typeName(methodClass, method)} {`,
    ...groups(fields.slice(0, apart)).map((group) => readStatement(group, accessors)),
    ...resultOf(methodClass, method, { apart, accessors }),
    '}',
  ];
}

/** @param {readonly Field[]} group one field, or the bits of one byte @param {typeof ACCESSORS} accessors */
function readStatement([field, ...others], accessors) {
  const { name, type } = field;
  if (type === 'bit') {
    const isReserved = name === '' && others.length === 0;
    return isReserved ? "  reader.u8('reserved bits');" : "  const bits = reader.u8('bits');";
  }
  if (name !== '') return `  const ${camelCase(name)} = ${readExpression(field, accessors)};`;
  return `  ${readExpression({ name: 'reserved field', type }, accessors)};`;
}

/**
 * @param {MethodClass} methodClass @param {Method} method
 * @param {{ apart: number, accessors: typeof ACCESSORS }} reading how many fields were read before, and what reads
 */
function resultOf(methodClass, method, { apart, accessors }) {
  const wire = wireName(methodClass, method);
  if (named(method).length === 0) return [`  return { name: '${wire}' };`];
  const firstBit = method.fields.findIndex(({ type }) => type === 'bit');
  const members = method.fields.flatMap((field, index) => {
    const name = camelCase(field.name);
    if (field.name === '') return [];
    if (field.type === 'bit') return [`    ${name}: (bits & ${1 << (index - firstBit)}) !== 0,`];
    return [index < apart ? `    ${name},` : `    ${name}: ${readExpression(field, accessors)},`];
  });
  return ['  return {', `    name: '${wire}',`, ...members, '  };'];
}

/** @param {Field} field @param {typeof ACCESSORS} accessors */
function readExpression({ name, type }, accessors) {
  return type === 'table' ? 'readFieldTable(reader)' : `reader.${accessors[type]}('${name}')`;
}

/** @param {MethodClass} methodClass @param {Method} method */
function encoder(methodClass, method) {
  const parameter = named(method).length > 0 ? `, method: ${typeName(methodClass, method)}` : '';
  return [
    `function encode${pascalCase(method.name)}(writer: ByteWriter${parameter}): void {`,
    ...groups(method.fields).map((group) => `  ${writeStatement(group)}`),
    '}',
  ];
}

/** @param {readonly Field[]} group one field, or the bits of one byte */
function writeStatement(group) {
  const { type } = group[0];
  const values = group.map(({ name }) => (name === '' ? RESERVED_VALUES[type] : `method.${camelCase(name)}`));
  if (type === 'bit') return `writer.bits(${values.join(', ')});`;
  if (type === 'table') return `writeFieldTable(writer, ${values[0]});`;
  return `writer.${ACCESSORS[type]}(${values[0]});`;
}

/** Consecutive bits share a byte: fields one by one, but bits together. @param {readonly Field[]} fields */
function groups(fields) {
  /** @type {Field[][]} */
  const result = [];
  for (const field of fields) {
    const last = result.at(-1);
    if (field.type === 'bit' && last?.[0]?.type === 'bit') last.push(field);
    else result.push([field]);
  }
  return result;
}

/** @param {Method} method */
function named(method) {
  return method.fields.filter(({ name }) => name !== '');
}

/** @param {MethodClass} methodClass */
function typeNames(methodClass) {
  return methodClass.methods.map((method) => typeName(methodClass, method));
}

/** @param {MethodClass} methodClass @param {Method} method */
function typeName(methodClass, method) {
  return pascalCase(methodClass.name) + pascalCase(method.name);
}

/** @param {string} name */
function camelCase(name) {
  return name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}
