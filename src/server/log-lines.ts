/**
 * Log lines for the operator: the sink that everybody writes to, and the one that prints.
 *
 * Texts are RabbitMQ's where it has one; whoever knows the event passes the text.
 */

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Takes log lines. */
export interface LogLines {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
}

/** A sink over one function that takes the level and the text. */
export function logLinesTo(write: (level: LogLevel, text: string) => void): LogLines {
  return {
    debug: (text) => write('debug', text),
    info: (text) => write('info', text),
    warning: (text) => write('warning', text),
    error: (text) => write('error', text),
  };
}

/** Keeps nothing. */
export const silentLogLines: LogLines = logLinesTo(() => {});

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

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
