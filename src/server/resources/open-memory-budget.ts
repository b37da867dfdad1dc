/**
 * The memory budget as configured: what there is, and how much of it may be used.
 */

import type { ChunkPool } from '../../base/output.ts';
import type { IncompleteBodies } from '../../core/incomplete-bodies.ts';
import type { LogLines } from '../../core/log-lines.ts';
import type { Messages } from '../../core/messages.ts';
import type { Configuration } from '../config/configuration.ts';
import { MemoryBudget } from './memory-budget.ts';
import { engineMemory, heapCapacityBytes, totalMemoryBytes } from './memory-probe.ts';

const MIB = 1024 * 1024;

export interface OpenMemoryBudgetOptions {
  readonly messages: Messages;
  readonly incompleteBodies: IncompleteBodies;
  readonly pool: ChunkPool;
  readonly configuration: Configuration;
  readonly logLines: LogLines;
}

export function openMemoryBudget(options: OpenMemoryBudgetOptions): MemoryBudget {
  const { messages, incompleteBodies, pool, configuration, logLines } = options;
  const totalBytes = configuration.totalMemoryOverride ?? totalMemoryBytes();
  const limitBytes = watermark(configuration, totalBytes);
  logLines.info(`Memory high watermark set to ${sizeText(limitBytes)} of ${sizeText(totalBytes)} total`);
  return new MemoryBudget({
    messages,
    incompleteBodies,
    pool,
    probe: engineMemory,
    totalBytes,
    limitBytes,
    heapCapacityBytes: heapCapacityBytes(),
  });
}

function watermark(configuration: Configuration, totalBytes: number): number {
  const { memoryWatermarkAbsolute: absolute, memoryWatermarkRelative: relative } = configuration;
  return absolute === undefined ? Math.trunc(relative * totalBytes) : Math.min(absolute, totalBytes);
}

function sizeText(bytes: number): string {
  return `${Math.trunc(bytes / MIB)} MiB (${bytes} bytes)`;
}
