/**
 * Sinks for log lines: one that prints, one that keeps nothing.
 */

import type { LogLines } from '../core/log-lines.ts';

export type LogLevel = 'info' | 'warning' | 'error';

/** A sink over one function that takes the level and the text. */
export function logLinesTo(write: (level: LogLevel, text: string) => void): LogLines {
  return {
    info: (text) => write('info', text),
    warning: (text) => write('warning', text),
    error: (text) => write('error', text),
  };
}

/** Keeps nothing. */
export const silentLogLines: LogLines = logLinesTo(() => {});

const LEVELS: readonly LogLevel[] = ['info', 'warning', 'error'];

/** Prints `TIME [level] text` with an ISO 8601 time in UTC, from `levelMin` up. */
export function consoleLogLines(
  print: (line: string) => void = console.log,
  options: { readonly levelMin?: LogLevel; readonly now?: () => number } = {},
): LogLines {
  const { levelMin = 'info', now = Date.now } = options;
  const shown = new Set(LEVELS.slice(LEVELS.indexOf(levelMin)));
  return logLinesTo((level, text) => {
    if (shown.has(level)) print(`${new Date(now()).toISOString()} [${level}] ${text}`);
  });
}
