/**
 * Runs a function for a few milliseconds at most. `node:vm` can interrupt what runs below it, a regular expression that
 * backtracks included; nothing else in Node can without another thread.
 */

import { createContext, Script } from 'node:vm';

/** What came of a call: its value, or that it was interrupted. */
export type BoundedResult<Value> =
  | { readonly isInTime: true; readonly value: Value }
  /** `ranMs` is processor time: much less than the bound when the machine was busy with something else. */
  | { readonly isInTime: false; readonly ranMs: number };

const sandbox: { call: (() => void) | undefined } = { call: undefined };
let script: Script | undefined;

/**
 * Calls `compute`, which may do nothing but compute.
 * @throws what `compute` throws
 */
export function callBounded<Value>(compute: () => Value, boundMs: number): BoundedResult<Value> {
  if (script === undefined) {
    createContext(sandbox);
    script = new Script('call()');
  }
  let value: { readonly computed: Value } | undefined;
  sandbox.call = () => {
    value = { computed: compute() };
  };
  const before = process.cpuUsage();
  try {
    script.runInContext(sandbox, { timeout: boundMs });
  } catch (error) {
    if (!isTimeout(error)) throw error;
  } finally {
    sandbox.call = undefined;
  }
  if (value !== undefined) return { isInTime: true, value: value.computed };
  const { user, system } = process.cpuUsage(before);
  return { isInTime: false, ranMs: (user + system) / 1000 };
}

/** Not asked by class: the error may come from the other context. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
