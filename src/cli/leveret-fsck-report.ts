/**
 * What `leveret fsck` found, as lines for the operator: what is there, file by file; what is wrong; what becomes of it.
 */

import type { DirectoryReport, FoundDamage, FoundQueue, RepairReport } from '../server/fsck.ts';

/** In one line. */
const NAMED_QUEUES_MAX = 10;

export function reportLines(report: DirectoryReport): string[] {
  const { directory, damages } = report;
  const lines = [directory, ...fileLines(report), ...wrongLines(report)];
  if (damages.length === 0) return [...lines, `Nothing is damaged. ${messagesLine(report)}`];
  return [
    ...lines,
    `${count(damages.length, 'damage')} found. ${messagesLine(report)}`,
    `'leveret fsck --repair ${directory}' goes on without what is damaged, and keeps a copy of it.`,
  ];
}

export function repairLines({ before, after, kept }: RepairReport): string[] {
  const lines = [before.directory, ...fileLines(before), ...wrongLines(before)];
  if (!before.isDamaged) return [...lines, `Nothing is damaged, and nothing was changed. ${messagesLine(before)}`];
  const copies = kept?.files.map((file) => `Copied: ${file} to ${kept.folder}`) ?? [];
  if (after.isDamaged) return [...lines, ...copies, 'The repair has left this:', ...wrongLines(after)];
  return [
    ...lines,
    ...copies,
    `Repaired: the next start finds nothing wrong. ${messagesLine(after)}`,
    ...comebackLines(before),
  ];
}

function fileLines({ segments, checkpoints, pageFiles, unused }: DirectoryReport): string[] {
  return [
    ...checkpoints.map(({ file, bytes, isWhole }) => {
      return `  ${file}: checkpoint, ${count(bytes, 'byte')}, ${isWhole ? 'whole' : 'NOT WHOLE'}`;
    }),
    ...segments.map(({ file, bytes, batches, messages }) => {
      return `  ${file}: segment, ${count(bytes, 'byte')}, ${count(batches, 'batch')}, ${count(messages, 'live message')}`;
    }),
    ...pageFiles.map(({ file, bytes, pages, damagedPages, messages }) => {
      const size = bytes === undefined ? 'MISSING' : count(bytes, 'byte');
      const damaged = damagedPages === 0 ? '' : `, ${damagedPages} NOT WHOLE`;
      return `  ${file}: pages, ${size}, ${count(pages, 'page')} in use${damaged}, ${count(messages, 'live message')}`;
    }),
    ...unused.map((file) => `  ${file}: of no use any more; the next start removes it, or uses it again`),
  ];
}

function wrongLines({ torn, damages, lostQueues, queues }: DirectoryReport): string[] {
  const stopped = queues.filter(({ isStopped }) => isStopped);
  return [
    ...(torn === undefined
      ? []
      : [
          `Torn: ${torn.file} from byte ${torn.from} on. The next start cuts it; nothing that was confirmed is lost by it.`,
        ]),
    ...damages.map(damageLine),
    ...lostQueues.map((id) => `Lost: the declaration of queue #${id}, and its messages with it.`),
    ...stopped.map((queue) => `Stopped: ${nameOf(queue)}, ${count(queue.messages, 'message')} can be read.`),
  ];
}

function damageLine({ file, from, to, loss, queues, allQueues, definitions }: FoundDamage): string {
  const where = `Damaged: ${file} from byte ${from} to ${to}.`;
  if (loss === 'nothing') return `${where} Nothing is lost: another checkpoint says the same.`;
  if (loss === 'messages') return `${where} Messages of this queue are lost: ${namesOf(queues)}.`;
  const declarations = definitions ? ' Declarations of queues, exchanges, bindings or users may be lost.' : '';
  const names = allQueues ? 'any queue' : namesOf(queues);
  return `${where} Messages and acknowledgements may be lost of: ${names}.${declarations}`;
}

function comebackLines({ damages }: DirectoryReport): string[] {
  if (!damages.some(({ loss }) => loss === 'records')) return [];
  return ['Messages that were acknowledged may come back, as redelivered: what said so may be lost.'];
}

function messagesLine({ queues }: DirectoryReport): string {
  const messages = queues.reduce((sum, queue) => sum + queue.messages, 0);
  return `${count(messages, 'message')} in ${count(queues.length, 'durable queue')} can be read.`;
}

/** The rest stands in lines of their own. */
function namesOf(queues: readonly FoundQueue[]): string {
  if (queues.length === 0) return 'no queue that is still there';
  const more = queues.length - NAMED_QUEUES_MAX;
  const named = queues.slice(0, NAMED_QUEUES_MAX).map(nameOf).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}

function nameOf({ vhost, name }: FoundQueue): string {
  return `queue '${name}' in vhost '${vhost}'`;
}

function count(number: number, what: string): string {
  if (number === 1) return `1 ${what}`;
  return `${number} ${what.endsWith('ch') ? `${what}es` : `${what}s`}`;
}
