/**
 * Goes through long work in steps, lets other things have their turn in between, and says now and then how far it is.
 */

import { setImmediate as nextRound } from 'node:timers/promises';
import type { RecoveryProgress } from '../storage/disk/recovery.ts';

/** Work that takes longer says so, and how far it is, once in as many milliseconds. */
const PROGRESS_MS = 1000;
/** How long it goes on before other things have their turn. */
const SLICE_MS = 20;
const MB = 1024 * 1024;

/** @param report called now and then, when it takes long */
export async function runSteps<Result>(
  steps: Generator<RecoveryProgress, Result>,
  report: (progress: RecoveryProgress) => void,
): Promise<Result> {
  let reported = performance.now();
  let sliceEnd = reported + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const now = performance.now();
    if (now - reported > PROGRESS_MS) {
      reported = now;
      report(step.value);
    }
    if (now < sliceEnd && step.value.isWaiting !== true) continue;
    await nextRound();
    sliceEnd = performance.now() + SLICE_MS;
  }
}

/** `40 % of 120 MB` say. */
export function percent({ bytes, of }: RecoveryProgress): string {
  return `${Math.floor((100 * bytes) / Math.max(1, of))} % of ${Math.ceil(of / MB)} MB`;
}
