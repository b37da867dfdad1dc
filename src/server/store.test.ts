/** What a broker says of its store: how far its reading has come, what was cut, what is damaged, and how its stop went. */

import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoreOn } from '../../test/support/store-on.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { DiskFile } from '../storage/disk/disk.ts';
import { NodeDisk } from './node-disk.ts';

const SEGMENT = 'segment-000001.log';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A folder in which a broker was killed that had the queues `a` and `b` with a message each, in this order. */
async function killed(): Promise<string> {
  const folder = temporaryFolder();
  const node = await StoreOn.start(folder);
  for (const queue of ['a', 'b']) {
    node.declare(queue);
    await node.durable();
    node.publish(queue, `the body of ${queue}`);
    await node.durable();
  }
  await node.kill();
  return folder;
}

function readyCounts({ vhost }: StoreOn): Record<string, number> {
  return Object.fromEntries([...vhost.queues].map(({ name, readyCount }) => [name, readyCount]));
}

describe('a start', () => {
  test('says how many messages came back', async () => {
    const node = await StoreOn.start(await killed());
    expect(node.lines).toEqual(['info: 2 persistent messages are back in their queues']);
    await node.kill();
  });

  test('that takes long says each second how far it has come', async () => {
    const folder = await killed();
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 600;
      return now;
    });
    const node = await StoreOn.start(folder);
    const progress = node.lines.filter((line) => line.startsWith(`info: reading the log in ${folder}: `));
    expect(progress.length).toBeGreaterThan(0);
    expect(progress[0]).toMatch(/: \d+ % of 1 MB$/);
    await node.kill();
  });

  test('names what was cut, where and why, and goes on without it', async () => {
    const folder = await killed();
    const path = join(folder, SEGMENT);
    truncateSync(path, readFileSync(path).length - 10);
    const node = await StoreOn.start(folder);

    expect(node.lines[0]).toMatch(
      /^warning: segment-000001\.log: cut at byte \d+: the broker ended while it wrote there/,
    );
    expect(readyCounts(node)).toEqual({ a: 1, b: 0 });
    await node.kill();
  });

  test('names the file, the place and the queues of a damage, and stops these queues only', async () => {
    const folder = await killed();
    const path = join(folder, SEGMENT);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('the body of a');
    bytes[at] = 0;
    writeFileSync(path, bytes);
    const node = await StoreOn.start(folder);

    const line = node.lines.find((text) => text.startsWith('error: '));
    expect(line).toContain(`${folder}: ${SEGMENT} is damaged from byte `);
    expect(line).toContain("these queues are stopped: 'a'.");
    const [from = 0, to = 0] = [...(/from byte (\d+) to (\d+)/.exec(line ?? '') ?? [])].slice(1).map(Number);
    expect(from <= at && at < to).toBe(true);
    expect([...node.vhost.queues].map(({ name, isStopped }) => [name, isStopped])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    await node.kill();
  });
});

describe('a stop', () => {
  test('leaves a checkpoint, and the next start says the same as after a kill', async () => {
    const folder = await killed();
    const node = await StoreOn.start(folder);
    await node.stop();
    const next = await StoreOn.start(folder);

    expect(next.store.opened.found.last).toBeUndefined();
    expect(readyCounts(next)).toEqual({ a: 1, b: 1 });
    await next.kill();
  });

  test('waits five seconds for a disk that stalls, and says what that costs', async () => {
    const folder = await killed();
    const disk = new StallingDisk(folder);
    const node = await StoreOn.start(folder, disk);
    await node.durable();
    disk.isStalled = true;
    node.publish('a', 'never durable');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const stopped = node.stop();
    await vi.advanceTimersByTimeAsync(4999);
    expect(node.lines).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;

    expect(node.lines).toContain('warning: the disk is slow: the next start reads the log instead of a checkpoint');
    // Nothing goes on that would keep the process.
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** Syncs take for ever when that is wanted. */
class StallingDisk extends NodeDisk {
  isStalled = false;

  override open(name: string): DiskFile {
    const file = super.open(name);
    const sync = file.sync.bind(file);
    file.sync = (done) => {
      if (!this.isStalled) sync(done);
    };
    return file;
  }
}
