/** Connections and the limit of open files. */

import { expect, test } from 'vitest';
import { FileDescriptors, openFilesLimit } from './file-descriptors.ts';

function world(limit: number) {
  const lines: string[] = [];
  const files = new FileDescriptors(limit, (text) => void lines.push(text));
  return { lines, files };
}

function enter(files: FileDescriptors, count: number): void {
  for (let entered = 0; entered < count; entered++) expect(files.enter()).toBe(true);
}

function leave(files: FileDescriptors, count: number): void {
  for (let left = 0; left < count; left++) files.leave();
}

test('as many connections are taken as RabbitMQ would take', () => {
  expect(world(1024).files.socketsMax).toBe(829);
  expect(world(20_000).files.socketsMax).toBe(17_908);
  expect(world(50).files.socketsMax).toBe(1);
  expect(world(Number.POSITIVE_INFINITY).files.socketsMax).toBe(Number.POSITIVE_INFINITY);
});

test('connections are refused near the limit and the operator is told once', () => {
  const { lines, files } = world(1024);
  enter(files, 829);
  expect([files.enter(), files.enter(), files.isNearLimit, files.socketsUsed]).toEqual([false, false, true, 829]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('file descriptor limit alarm set. Connections:829 open files allowed:1024.');
  expect(lines[0]).toContain('*** New connections will not be accepted until this alarm clears ***');
});

test('it is told that the alarm has cleared once there is some room, and then a new one is told again', () => {
  const { lines, files } = world(1024);
  enter(files, 829);
  files.enter();
  leave(files, 29);
  files.tick();
  expect(lines).toHaveLength(1);
  leave(files, 100);
  files.tick();
  files.tick();
  expect([files.isNearLimit, lines.slice(1)]).toEqual([false, ['file descriptor limit alarm cleared']]);
  enter(files, 129);
  files.enter();
  expect(lines).toHaveLength(3);
});

test('the limit is the soft one of the process, or none where it cannot be read', () => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             95897                95897                processes
Max open files            1024                 20000                files
`;
  expect(openFilesLimit(limits)).toBe(1024);
  expect(openFilesLimit('Max open files            unlimited            unlimited            files')).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(openFilesLimit('')).toBe(Number.POSITIVE_INFINITY);
});
