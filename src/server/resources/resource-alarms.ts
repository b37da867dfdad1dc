/**
 * Watches what the broker may run out of (memory, disk, file descriptors), sets and clears its alarms, and tells how much
 * there is of each.
 */

import type { Broker } from '../../core/broker.ts';
import type { LogLines } from '../../core/log-lines.ts';
import type { Configuration } from '../config/configuration.ts';
import type { MemoryKeeper } from '../memory-keeper.ts';
import { AlarmLines } from './alarm-lines.ts';
import { DiskAlarm } from './disk-alarm.ts';
import { FileDescriptors, openFilesLimit } from './file-descriptors.ts';
import { freeSpaceOf } from './free-space.ts';
import { MemoryAlarm } from './memory-alarm.ts';
import type { MemoryBudget } from './memory-budget.ts';

const MB = 1_000_000;
/** RabbitMQ's limit; room for a segment of the log comes to it. */
const DISK_FREE_BYTES = 50 * MB;

/** What there is of each resource, and what there may be; all sizes in bytes. */
export interface ResourceStats {
  /** Those that block publishers (`memory`, `disk`), and `file_descriptor_limit`, which refuses connections. */
  readonly alarms: readonly string[];
  readonly memory: {
    /** What is in use, as it counts against `limit`. */
    readonly used: number;
    /** The high watermark. */
    readonly limit: number;
    /** Of the machine, or of the container. */
    readonly total: number;
    /** What the operating system counts; not used for any decision. */
    readonly rss: number;
    readonly heapUsed: number;
    readonly heapLimit: number;
  };
  /** Absent when nothing is kept on a disk; `free` is absent when it cannot be told. */
  readonly disk?: { readonly limit: number; readonly free?: number };
  /** Limits are infinite where the operating system names none. */
  readonly fileDescriptors: {
    readonly limit: number;
    readonly socketsUsed: number;
    readonly socketsLimit: number;
  };
}

export interface ResourceAlarmsOptions {
  readonly broker: Broker;
  readonly budget: MemoryBudget;
  readonly keeper: MemoryKeeper;
  readonly configuration: Configuration;
  readonly logLines: LogLines;
  readonly nodeName: string;
}

export class ResourceAlarms {
  readonly fileDescriptors: FileDescriptors;
  /** Undefined when everything is in memory. */
  readonly disk: DiskAlarm | undefined;
  readonly #broker: Broker;
  readonly #memoryAlarm: MemoryAlarm;
  readonly #memory: MemoryBudget;

  /** Looks at the disk once before it is done, so that a broker on a full one begins with its alarm set. */
  static async open(options: ResourceAlarmsOptions): Promise<ResourceAlarms> {
    const alarms = new ResourceAlarms(options);
    await alarms.disk?.tick(options.broker.clock.now());
    return alarms;
  }

  private constructor(options: ResourceAlarmsOptions) {
    const { broker, budget, keeper, configuration, logLines } = options;
    const lines = new AlarmLines(logLines, options.nodeName);
    this.#broker = broker;
    this.#memory = budget;
    const { alarms, clock, incompleteBodies } = broker;
    this.#memoryAlarm = new MemoryAlarm({ budget, alarms, incompleteBodies, lines, clock, keeper });
    this.disk = configuration.dataDir === '' ? undefined : diskAlarm(options, lines);
    this.fileDescriptors = new FileDescriptors(openFilesLimit(), (text) => lines.warning(text));
  }

  /** Called after each read of a socket and at the end of each turn. */
  check(): void {
    this.#memoryAlarm.check();
  }

  /** Called about twice a second. */
  tick(): void {
    this.#memoryAlarm.tick();
    this.fileDescriptors.tick();
    void this.disk?.tick(this.#broker.clock.now());
  }

  get stats(): ResourceStats {
    const { disk, fileDescriptors } = this;
    const memory = this.#memory;
    const isNearFileLimit = fileDescriptors.isNearLimit ? ['file_descriptor_limit'] : [];
    return {
      alarms: [...this.#broker.alarms.resources, ...isNearFileLimit],
      memory: {
        used: memory.usedBytes,
        limit: memory.limitBytes,
        total: memory.totalBytes,
        rss: memory.residentBytes,
        heapUsed: memory.heapBytes,
        heapLimit: memory.heapLimitBytes,
      },
      ...(disk === undefined ? {} : { disk: diskStats(disk) }),
      fileDescriptors: {
        limit: fileDescriptors.limit,
        socketsUsed: fileDescriptors.socketsUsed,
        socketsLimit: fileDescriptors.socketsMax,
      },
    };
  }
}

function diskStats({ limitBytes, freeBytes }: DiskAlarm): NonNullable<ResourceStats['disk']> {
  return { limit: limitBytes, ...(freeBytes === undefined ? {} : { free: freeBytes }) };
}

function diskAlarm({ broker, budget, configuration, logLines }: ResourceAlarmsOptions, lines: AlarmLines): DiskAlarm {
  const { dataDir, diskFreeLimitRelative: relative } = configuration;
  const { diskFreeLimitAbsolute: absolute = DISK_FREE_BYTES + configuration.segmentSize } = configuration;
  const limitBytes = relative === undefined ? absolute : Math.round(relative * budget.totalBytes);
  logLines.info(`Disk free limit set to ${Math.trunc(limitBytes / MB)}MB`);
  return new DiskAlarm({ limitBytes, alarms: broker.alarms, lines, freeBytes: () => freeSpaceOf(dataDir) });
}
