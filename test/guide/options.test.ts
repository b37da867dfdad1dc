/**
 * docs/guide/options.md is made from the options table, and this test says when it no longer tells the truth.
 * `npm test -- test/guide -u` writes it anew.
 */

import { expect, test } from 'vitest';
import { GROUPS, type GroupField } from '../../src/server/config/option-groups.ts';
import { FAMILIES, type Family, OPTIONS, type Option } from '../../src/server/config/options.ts';

test('the guide lists every option with its default', async () => {
  await expect(optionsPage()).toMatchFileSnapshot('../../docs/guide/options.md');
});

function optionsPage(): string {
  const rows = [
    ...Object.values<Family<unknown>>(FAMILIES).map(familyRow),
    ...GROUPS.flatMap(({ key, fields }) => Object.values(fields).map((field) => groupRow(key, field))),
    ...Object.values<Option<unknown>>(OPTIONS).map(optionRow),
  ];
  return `# Options

Keys and values are those of \`rabbitmq.conf\`; give one with \`--set key=value\`. \`NAME\` stands for any name, such as \`default\`. Sizes may carry a unit (\`64MiB\`).

| key | default | value | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

function optionRow({ key, type, default: value, unit, doc }: Option<unknown>): string {
  const text =
    value === '' || value === undefined ? '' : `\`${value === Number.POSITIVE_INFINITY ? 'infinity' : value}\``;
  const unitText = unit === undefined || type.expects.includes(unit) ? '' : ` (${unit})`;
  return `| \`${key}\` | ${text} | ${type.expects}${unitText} | ${doc} |`;
}

function familyRow({ key, type, default: values, doc }: Family<unknown>): string {
  const text = [...values].map(([name, value]) => `\`${key}.${name} = ${valueText(value)}\``).join(', ');
  return `| \`${key}.NAME\` | ${text} | ${type.expects} | ${doc} |`;
}

function groupRow(groupKey: string, { key, type, default: value, doc }: GroupField<unknown>): string {
  const text = String(value) === '' ? '' : `\`${value}\``;
  return `| \`${groupKey}.NAME.${key}\` | ${text} | ${type.expects} | ${doc} |`;
}

function valueText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'port' in value) return String(value.port);
  return String(value);
}
