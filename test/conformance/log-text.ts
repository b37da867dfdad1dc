/**
 * Lines of a broker's log in one form, whichever broker wrote them: level and text, without what differs from run to run
 * (times, ports, durations) and without Erlang's process ids, each event on one line.
 */

/** `2026-11-25 15:48:40.758860+00:00 [info] <0.612.0> text`, perhaps in colour. */
const RABBITMQ_LINE = /^(\S+ \S+) \[(\w+)\] (<[\d.]+>) ?(.*)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by them.
const COLOUR = /\x1b\[[\d;]*m/g;

/** One event of the log. */
export interface LogEvent {
  readonly level: string;
  readonly text: string;
}

/** RabbitMQ repeats time, level and process on each line of an event. */
export function rabbitMqEvents(log: string): LogEvent[] {
  const events: { key: string; level: string; text: string }[] = [];
  for (const line of log.replace(COLOUR, '').split('\n')) {
    const [, time = '', level = '', process = '', text = ''] = RABBITMQ_LINE.exec(line) ?? [];
    const key = `${time} ${level} ${process}`;
    const last = events.at(-1);
    if (last?.key === key && !isBeginning(text)) last.text = joined(last.text, text.trim());
    else events.push({ key, level, text });
  }
  return events.filter(({ level }) => ['info', 'warning', 'error'].includes(level));
}

/** Two events of one process may have one time. */
function isBeginning(text: string): boolean {
  return /^(accepting|connection|closing|Error on|Channel error)\b/.test(text);
}

/** Erlang terms are broken anywhere behind a comma, sentences behind a colon. */
function joined(text: string, more: string): string {
  return text.endsWith(',') ? text + more : `${text} ${more}`;
}

/** The events of the connection from that port of this machine, as lines. */
export function linesOfConnection(events: readonly LogEvent[], port: number): string[] {
  const name = new RegExp(`127\\.0\\.0\\.1:${port} -> 127\\.0\\.0\\.1:\\d+`, 'g');
  return events
    .filter(({ text }) => text.search(name) >= 0)
    .map(({ level, text }) => `[${level}] ${withoutVariables(text.replace(name, '{peer}'))}`);
}

function withoutVariables(text: string): string {
  return text
    .replace(/^(accepting AMQP connection|connection) <[\d.]+> \(([^)]*)\)/, '$1 $2')
    .replace(/ <[\d.]+> \(/, ' (')
    .replace(/, duration: '[^']*'/, '');
}
