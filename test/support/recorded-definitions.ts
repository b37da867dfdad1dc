/** What a log was told of definitions: the records, and what a restart would make of them. */

import type { DefinitionRecord } from '../../src/core/definition-record.ts';
import type { Log } from '../../src/core/ports.ts';

/** Notes every definition that is written to a log from now on. */
export function recordDefinitions(log: Log): DefinitionRecord[] {
  const records: DefinitionRecord[] = [];
  const define = log.define.bind(log);
  log.define = (record) => {
    records.push(record);
    return define(record);
  };
  return records;
}
