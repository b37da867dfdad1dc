/**
 * What RabbitMQ 3.10 said, in rabbitmq-3.10/: a file an area, in it the lines of each case. Made by
 *
 *     RECORD=1 BROKER_URL=amqp://guest:guest@127.0.0.1:PORT npm test -- test/conformance/conformance
 *
 * against a RabbitMQ without plugins whose configuration says `load_definitions = …/test/conformance/definitions.json`.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LINE_WIDTH = 120;

/** The lines of each case, by its name. */
export type Recording = Readonly<Record<string, readonly string[]>>;

/** The recording of an area; empty when there is none. */
export function readRecording(area: string): Recording {
  const file = fileOf(area);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recording) : {};
}

export function writeRecording(area: string, recording: Recording): void {
  const entries = Object.entries(recording).map(([name, lines]) => formatEntry(name, lines));
  writeFileSync(fileOf(area), `{\n${entries.join(',\n')}\n}\n`);
}

/** As the formatter of this repository has it: a list on one line where it fits. */
function formatEntry(name: string, lines: readonly string[]): string {
  const quoted = lines.map((line) => JSON.stringify(line));
  const short = `  ${JSON.stringify(name)}: [${quoted.join(', ')}]`;
  // One more for the comma behind it.
  if (short.length + 1 <= LINE_WIDTH) return short;
  return `  ${JSON.stringify(name)}: [\n${quoted.map((line) => `    ${line}`).join(',\n')}\n  ]`;
}

function fileOf(area: string): string {
  return fileURLToPath(new URL(`rabbitmq-3.10/${area}.json`, import.meta.url));
}
