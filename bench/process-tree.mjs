/** Memory, CPU time and disk writes of a broker's whole process tree, read from /proc (Linux). */

import { readdirSync, readFileSync } from 'node:fs';

const MB = 1024 * 1024;
/** What Linux reports CPU time in, on every machine that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Resident memory in bytes of a process and all its descendants. */
export function residentBytes(pid) {
  let sum = 0;
  for (const id of processTree(pid)) {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readProcFile(id, 'status'))?.[1];
    sum += Number(kilobytes ?? 0) * 1024;
  }
  return sum;
}

/** CPU seconds, user and system, that a process and all its living descendants have used. */
export function cpuSeconds(pid) {
  let ticks = 0;
  for (const id of processTree(pid)) {
    // After the program's name in parentheses, which may hold blanks: user time is the 12th field, system the 13th.
    const fields = readProcFile(id, 'stat').split(') ').at(-1).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Bytes that a process and all its living descendants have had written to the disk, in whole pages of memory. */
export function writtenBytes(pid) {
  let sum = 0;
  for (const id of processTree(pid)) sum += Number(/^write_bytes: (\d+)/m.exec(readProcFile(id, 'io'))?.[1] ?? 0);
  return sum;
}

export function megabytes(bytes) {
  return bytes / MB;
}

function processTree(pid) {
  const found = [pid];
  for (let index = 0; index < found.length; index++) found.push(...childrenOf(found[index]));
  return found;
}

function childrenOf(pid) {
  let tasks = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // The process has just ended.
  }
  return tasks.flatMap((task) => readProcFile(pid, `task/${task}/children`).split(' ').filter(Boolean).map(Number));
}

/** The file's text, or nothing when the process has just ended. */
function readProcFile(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
