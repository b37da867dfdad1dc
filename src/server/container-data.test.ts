/** The operator of a container hears that its data goes with it, unless it lies on a volume. */

import { expect, test } from 'vitest';
import { warnOfContainerData } from './container-data.ts';
import { logLinesTo } from './log-lines.ts';

/** @param devices by path, of what is there */
async function saidOn(devices: Readonly<Record<string, number>>): Promise<string[]> {
  const lines: string[] = [];
  const logLines = logLinesTo((level, text) => void lines.push(`${level}: ${text}`));
  await warnOfContainerData('/var/lib/leveret', logLines, async (path) => devices[path]);
  return lines;
}

test.each(['/.dockerenv', '/run/.containerenv'])('data that goes with its container is warned of: %s', async (mark) => {
  expect(await saidOn({ [mark]: 1, '/': 1, '/var/lib/leveret': 1 })).toEqual([
    'warning: the data directory /var/lib/leveret is inside of the container, and goes with it: mount a volume there to keep the data',
  ]);
});

test('data on a volume is not', async () => {
  expect(await saidOn({ '/.dockerenv': 1, '/': 1, '/var/lib/leveret': 2 })).toEqual([]);
});

test('outside of containers nothing is said', async () => {
  expect(await saidOn({ '/': 1, '/var/lib/leveret': 1 })).toEqual([]);
});
