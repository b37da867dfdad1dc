/**
 * What the operator reads when publishers are blocked and when they may go on: RabbitMQ's lines, which people search for.
 */

import type { Resource } from '../../core/alarms.ts';
import type { LogLines } from '../../core/log-lines.ts';

const BLOCKED = '*** Publishers will be blocked until this alarm clears ***';
const STARS = '*'.repeat(BLOCKED.length);

export class AlarmLines {
  readonly #logLines: LogLines;
  readonly #nodeName: string;

  constructor(logLines: LogLines, nodeName: string) {
    this.#logLines = logLines;
    this.#nodeName = nodeName;
  }

  warning(text: string): void {
    this.#logLines.warning(text);
  }

  /** @param numbers a line that says how much there is, and how much there should be */
  set(resource: Resource, numbers?: string): void {
    if (numbers !== undefined) this.#logLines.info(numbers);
    const line = `${resource} resource limit alarm set on node ${this.#nodeName}.`;
    this.#logLines.warning(`${line}\n\n${STARS}\n${BLOCKED}\n${STARS}\n`);
  }

  cleared(resource: Resource, numbers?: string): void {
    if (numbers !== undefined) this.#logLines.info(numbers);
    this.#logLines.warning(`${resource} resource limit alarm cleared on node ${this.#nodeName}`);
  }
}
