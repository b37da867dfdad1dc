/**
 * The engine's garbage collector, which has to be asked for by a flag. An idle process would not collect by itself, and
 * what is not collected counts as used.
 */

import v8 from 'node:v8';
import vm from 'node:vm';

/**
 * Collects all garbage; a few milliseconds unless very many queues, bindings and consumers are there, because messages
 * are flat memory. Moving objects together takes as long again, and without it the pages of a heap that was larger stay.
 */
export type Collect = (isCompacting: boolean) => void;

let collector: unknown;

export const collectGarbage: Collect = (isCompacting) => {
  if (collector === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collector = vm.runInNewContext('gc');
  }
  if (typeof collector !== 'function') return;
  if (isCompacting) v8.setFlagsFromString('--compact-on-every-full-gc');
  collector();
  if (isCompacting) v8.setFlagsFromString('--no-compact-on-every-full-gc');
};
