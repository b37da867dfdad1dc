/** Memory limits of control groups, as Linux shows them in containers, services and outside. */

import { describe, expect, test } from 'vitest';
import { cgroupMemoryLimit } from './cgroup.ts';

const MB = 1024 * 1024;
const NONE_V1 = '9223372036854771712';
const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const V1 = '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory';
const OTHER_V1 = '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct';

function limit(group: string, mounts: readonly string[], files: Readonly<Record<string, string>>): number {
  const all: Readonly<Record<string, string>> = {
    '/proc/self/cgroup': group,
    '/proc/self/mountinfo': mounts.join('\n'),
    ...files,
  };
  return cgroupMemoryLimit((path) => all[path]);
}

describe('version 2', () => {
  test('the limit of a container, whose group is the root of what it sees', () => {
    expect(limit('0::/\n', [V2], { '/sys/fs/cgroup/memory.max': `${512 * MB}\n` })).toBe(512 * MB);
  });

  test('the tightest of a service and the slices around it', () => {
    const files = {
      '/sys/fs/cgroup/system.slice/leveret.service/memory.max': 'max\n',
      '/sys/fs/cgroup/system.slice/memory.max': `${300 * MB}\n`,
      '/sys/fs/cgroup/memory.max': `${900 * MB}\n`,
    };
    expect(limit('0::/system.slice/leveret.service\n', [V2], files)).toBe(300 * MB);
  });

  test('none when it says max, and when nothing can be read', () => {
    expect(limit('0::/a\n', [V2], { '/sys/fs/cgroup/a/memory.max': 'max\n' })).toBe(Number.POSITIVE_INFINITY);
    expect(limit('0::/a\n', [V2], {})).toBe(Number.POSITIVE_INFINITY);
    expect(limit('', [], {})).toBe(Number.POSITIVE_INFINITY);
  });

  test('a group outside of what can be seen counts with the mount itself', () => {
    expect(limit('0::/../other\n', [V2], { '/sys/fs/cgroup/memory.max': `${MB}\n` })).toBe(MB);
  });
});

describe('version 1', () => {
  const group = '9:name=systemd:/\n5:cpu,cpuacct:/wrong\n4:memory:/docker/abc\n0::/\n';

  test('the limit of the memory controller, whatever else is mounted', () => {
    const files = {
      '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': `${256 * MB}\n`,
      '/sys/fs/cgroup/memory/docker/memory.limit_in_bytes': `${NONE_V1}\n`,
    };
    expect(limit(group, [OTHER_V1, V1], files)).toBe(256 * MB);
  });

  test('in a container that sees its own group as the mount, by its whole path', () => {
    const bound = '35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory';
    expect(limit(group, [bound], { '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${64 * MB}\n` })).toBe(64 * MB);
  });

  test('the number that stands for none is larger than any memory', () => {
    const files = { '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': `${NONE_V1}\n` };
    expect(limit(group, [V1], files)).toBeGreaterThan(1e18);
  });
});

test('with both mounted, the tighter one', () => {
  const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw';
  const files = {
    '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': `${200 * MB}\n`,
    '/sys/fs/cgroup/unified/b/memory.max': `${100 * MB}\n`,
  };
  expect(limit('4:memory:/a\n0::/b\n', [V1, unified], files)).toBe(100 * MB);
});
