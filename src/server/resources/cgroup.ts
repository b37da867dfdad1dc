/**
 * How much memory Linux lets this process have by control groups, of either version: what a container or a service was
 * given. The tightest limit of the process's own group and those above it counts.
 */

import { type ReadText, readSystemFile } from './system-file.ts';

/** Where a hierarchy of groups is mounted, and which of its groups the mount shows. */
interface Mount {
  readonly root: string;
  readonly folder: string;
}

const VERSIONS = [
  { type: 'cgroup2', option: '', limitFile: 'memory.max', isOwnGroup: (controllers: string) => controllers === '' },
  {
    type: 'cgroup',
    option: 'memory',
    limitFile: 'memory.limit_in_bytes',
    isOwnGroup: (controllers: string) => controllers.split(',').includes('memory'),
  },
] as const;

type Version = (typeof VERSIONS)[number];

/** Bytes; infinite where there is no limit, or none that can be read. */
export function cgroupMemoryLimit(read: ReadText = readSystemFile): number {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n');
  const mounts = (read('/proc/self/mountinfo') ?? '').split('\n');
  return Math.min(...VERSIONS.map((version) => limitOf(version, groups, mounts, read)));
}

function limitOf(version: Version, groups: readonly string[], mounts: readonly string[], read: ReadText): number {
  const group = ownGroup(version, groups);
  const mount = mountOf(version, mounts);
  if (group === undefined || mount === undefined) return Number.POSITIVE_INFINITY;
  const limits = foldersUp(mount, group).map((folder) => limitIn(read(`${folder}/${version.limitFile}`)));
  return Math.min(...limits);
}

/** A line is `ID:CONTROLLERS:PATH`. */
function ownGroup(version: Version, lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers !== undefined && version.isOwnGroup(controllers)) return path;
  }
  return undefined;
}

/** A line is `ID PARENT DEVICE ROOT FOLDER OPTIONS … - TYPE SOURCE OPTIONS`. */
function mountOf(version: Version, lines: readonly string[]): Mount | undefined {
  for (const line of lines) {
    const [mount = '', filesystem = ''] = line.split(' - ');
    const [type, , options = ''] = filesystem.split(' ');
    if (type !== version.type) continue;
    if (version.option !== '' && !options.split(',').includes(version.option)) continue;
    const [, , , root, folder] = mount.split(' ');
    if (root !== undefined && folder !== undefined) return { root, folder };
  }
  return undefined;
}

/** The folder of a group, and of each above it that can be seen. */
function foldersUp({ root, folder }: Mount, group: string): string[] {
  const folders: string[] = [];
  for (let path = pathBelow(root, group); path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    folders.push(folder + path);
  }
  return [...folders, folder];
}

/** Without a namespace of its own a container sees its group's whole path, and its group where the others have the root. */
function pathBelow(root: string, group: string): string {
  if (root === '/') return group === '/' || group.includes('..') ? '' : group;
  return group.startsWith(`${root}/`) ? group.slice(root.length) : '';
}

/** `max`, or a number so large that no machine has it, is no limit. */
function limitIn(text: string | undefined): number {
  const digits = text?.trim() ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : Number.POSITIVE_INFINITY;
}
