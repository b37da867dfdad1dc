/** A log on a simulated disk, opened at once, for tests of one thing at a time. */

import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import { NO_METADATA } from '../../src/core/definition-record.ts';
import { Messages } from '../../src/core/messages.ts';
import type { DefinitionRecord } from '../../src/core/records.ts';
import type { SaverFaults } from '../../src/storage/disk/batch-saver.ts';
import type { DiskFault } from '../../src/storage/disk/disk.ts';
import type { DiskLog } from '../../src/storage/disk/disk-log.ts';
import { type OpenedLog, type OpenLogOptions, openLog } from '../../src/storage/disk/open-log.ts';
import { bodyText, createMessage } from './core-broker.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { simulatedDisk } from './simulated-disk-steps.ts';

/** Notes what the log says about its disk. */
export class NotedFaults implements SaverFaults {
  readonly said: string[] = [];

  outOfSpace(isOut: boolean, _fault: DiskFault | undefined): void {
    this.said.push(isOut ? 'no room' : 'room');
  }

  distrusted(fault: DiskFault): void {
    this.said.push(`distrusted: ${fault.code}`);
  }

  lost(fault: DiskFault): void {
    this.said.push(`lost: ${fault.code}`);
  }
}

export type LogWorldOptions = Partial<Omit<OpenLogOptions, 'disk' | 'faults'>>;

export class LogWorld {
  readonly disk: SimulatedDisk;
  readonly messages: Messages;
  readonly opened: OpenedLog;
  readonly faults = new NotedFaults();
  /** How often the log said between turns that it has come further. */
  reports = 0;

  constructor(disk: SimulatedDisk = simulatedDisk(), options: LogWorldOptions = {}) {
    this.disk = disk;
    this.messages = options.messages ?? new Messages();
    const { faults, messages } = this;
    const onDurable = () => void this.reports++;
    const opening = openLog({ disk, epoch: 1, onDurable, ...options, messages, faults });
    let step = opening.next();
    while (step.done !== true) step = opening.next();
    this.opened = step.value;
  }

  get log(): DiskLog {
    return this.opened.log;
  }

  /** Another start on what a program that was killed has left. */
  killed(options: LogWorldOptions = {}): LogWorld {
    return new LogWorld(this.disk.kill(), options);
  }

  /** Another start after a power cut that took whatever was not synced. */
  cutOff(options: LogWorldOptions = {}): LogWorld {
    return new LogWorld(this.disk.certain(), options);
  }

  /** A persistent message in these queues. @returns its ticket */
  publish(body: string, ...targets: readonly (readonly [queueId: number, sequence: number])[]): number {
    const message = createMessage(this.messages, body, true);
    const ticket = this.log.publish(message);
    for (const [queueId, sequence] of targets) this.log.reached(queueId, sequence);
    this.messages.release(message);
    return ticket;
  }

  /** Everything that was appended is written, and what the log does by itself goes on. */
  flush(turns = 1): void {
    for (let turn = 0; turn < turns; turn++) {
      this.opened.tick();
      this.disk.runAll();
    }
  }

  /** Writes a checkpoint. */
  checkpoint(): DiskFault | undefined {
    let result: DiskFault | undefined | 'pending' = 'pending';
    this.opened.checkpoint((fault) => {
      result = fault;
    });
    for (let turns = 0; result === 'pending'; turns++) {
      if (turns === 1000) throw new Error('the checkpoint does not come');
      this.flush();
    }
    return result;
  }

  /** What it found when it was opened, as `queue:sequence=body`. */
  restored(): string[] {
    const found: string[] = [];
    const reading = this.opened.readMessages((queueId, sequence, message) => {
      found.push(`${queueId}:${sequence}=${bodyText(this.messages, message)}`);
      this.messages.release(message);
    });
    while (reading.next().done !== true);
    return found.sort();
  }
}

export function vhostAdded(vhost = '/'): DefinitionRecord {
  return { kind: 'vhost.added', vhost, metadata: NO_METADATA };
}

export function queueDeclared(id: number, name = `q${id}`): DefinitionRecord {
  return { kind: 'queue.declared', id, vhost: '/', name, autoDelete: false, arguments: EMPTY_TABLE };
}

/** A log with durable queues of these ids. */
export function logWith(ids: readonly number[], options: LogWorldOptions = {}, disk = simulatedDisk()): LogWorld {
  const world = new LogWorld(disk, options);
  world.log.define(vhostAdded());
  for (const id of ids) world.log.define(queueDeclared(id));
  world.flush();
  return world;
}
