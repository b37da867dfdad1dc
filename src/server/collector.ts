/**
 * The engine's garbage collector, which has to be asked for by a flag. An idle process would not collect by itself, and
 * what is not collected counts as used.
 */

import v8 from 'node:v8';
import vm from 'node:vm';

/**
 * Collects garbage. `all` takes a few milliseconds unless very many queues, bindings and consumers are there, because
 * messages are flat memory. `compact` moves objects together besides, which takes as long again, and without which the
 * pages of a heap that was larger stay. `young` looks at new objects only.
 */
export type Collect = (what: 'young' | 'all' | 'compact') => void;

let collector: unknown;

export const collectGarbage: Collect = (what) => {
  if (collector === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collector = vm.runInNewContext('gc');
  }
  if (typeof collector !== 'function') return;
  if (what === 'compact') v8.setFlagsFromString('--compact-on-every-full-gc');
  if (what === 'young') collector({ type: 'minor' });
  else collector();
  if (what === 'compact') v8.setFlagsFromString('--no-compact-on-every-full-gc');
};
