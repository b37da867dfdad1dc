/**
 * Tells the operator when the data lies inside a container's own file system: it goes with the container, which is how
 * most people have lost theirs.
 */

import { stat } from 'node:fs/promises';
import type { LogLines } from '../core/log-lines.ts';

/** Docker makes the first in each of its containers, Podman the second. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];
const ROOT = '/';

/** What is asked of the system. @returns undefined for what is not there */
export type DeviceOf = (path: string) => Promise<number | undefined>;

/** @param path of the data directory, which is there */
export async function warnOfContainerData(
  path: string,
  logLines: LogLines,
  deviceOf: DeviceOf = deviceOnDisk,
): Promise<void> {
  const marks = await Promise.all(CONTAINER_MARKS.map(deviceOf));
  if (marks.every((device) => device === undefined)) return;
  // A volume is a mount of its own.
  const [data, root] = await Promise.all([deviceOf(path), deviceOf(ROOT)]);
  if (data === undefined || data !== root) return;
  logLines.warning(
    `the data directory ${path} is inside of the container, and goes with it: mount a volume there to keep the data`,
  );
}

async function deviceOnDisk(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ dev }) => dev,
    () => undefined,
  );
}
