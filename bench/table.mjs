/** Turns samples into the lines of the benchmark's table and judges them against the rows' limits. */

/** What a median of a pair of brokers may exceed the targets' ratio by, because machines are noisy. */
const TOLERANCE = 1.3;
const BEGIN = '<!-- table: begin -->';
const END = '<!-- table: end -->';

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} own
 * @property {string} peer
 * @property {string} ratio
 * @property {string} limit
 * @property {boolean | undefined} isMet undefined when there is nothing to judge
 * @property {string} note
 */

/**
 * The lines of one row: CPU per message, and the 99th percentile of latency where the row has a target for it.
 *
 * @param {any} row of rows.json
 * @param {{ cpu?: number, p99?: number, error: string }[][]} rounds one array a round, one result a broker
 * @returns {Line[]}
 */
export function measuredRow(row, rounds) {
  const errors = [...new Set(rounds.flat().flatMap(({ error }) => (error === '' ? [] : [error])))];
  const note = [diskNote(rounds), ...errors].filter(Boolean).join('; ');
  const cpu = line(row, rounds, { name: `${row.name}, µs CPU`, value: (result) => result.cpu, note, digits: 2 });
  if (row.p99 === undefined) return [cpu];
  const name = `${row.name}, µs p99 latency`;
  return [cpu, line(row.p99, rounds, { name, value: (result) => result.p99, note, digits: 0 })];
}

/** What reached the disk of what was published, for a row with persistent messages. */
function diskNote(rounds) {
  const [own, peer] = [0, 1].map((broker) => median(rounds.map((round) => round[broker]?.diskShare)));
  if (own === undefined) return '';
  const others = peer === undefined ? '' : `, RabbitMQ ${peer.toFixed(2)}`;
  return `wrote ${own.toFixed(2)} bytes per byte published${others}`;
}

function line(target, rounds, { name, value, note, digits }) {
  const own = median(rounds.map((round) => value(round[0])));
  const peer = median(rounds.map((round) => (round[1] === undefined ? undefined : value(round[1]))));
  const ratio = median(rounds.map((round) => quotient(value(round[0]), round[1] && value(round[1]))));
  const limit = target.target === undefined ? undefined : (TOLERANCE * target.target) / target.rabbitmq310;
  return {
    name,
    own: format(own, digits),
    peer: format(peer, digits),
    ratio: format(ratio, 4),
    limit: format(limit, 4),
    isMet: verdict(own, ratio, limit),
    note,
  };
}

/** A row that could not be measured is not met; without a peer or a limit there is nothing to judge. */
function verdict(own, ratio, limit) {
  if (own === undefined) return false;
  return ratio === undefined || limit === undefined ? undefined : ratio <= limit;
}

/**
 * The line of a memory row. Megabytes, unlike CPU time, carry from one machine to another: the limit is absolute.
 *
 * @param {{ name: string, targetMb: number }} row
 * @param {number[]} measured in MB, one a broker
 * @returns {Line}
 */
export function memoryRow(row, [own, peer]) {
  return {
    name: `${row.name}, MB`,
    own: format(own, 0),
    peer: format(peer, 0),
    ratio: format(quotient(own, peer), 2),
    limit: `${row.targetMb} MB`,
    isMet: own <= row.targetMb,
    note: '',
  };
}

/** @param {readonly Line[]} lines */
export function table(lines) {
  const body = lines.map(({ name, own, peer, ratio, limit, isMet, note }) => {
    const verdict = isMet === undefined ? '–' : isMet ? 'met' : '**not met**';
    return `| ${[name, own, peer, ratio, limit, verdict, note].join(' | ')} |`;
  });
  return ['| row | Leveret | RabbitMQ | ratio | limit | | note |', '|---|---|---|---|---|---|---|', ...body].join('\n');
}

/** Puts a new table between the marks of a document. */
export function replaceTable(document, text) {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`the document has no ${BEGIN} followed by ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${text}\n\n${document.slice(end)}`;
}

/** The median, or undefined when a value is missing. */
export function median(values) {
  if (values.length === 0 || values.some((value) => value === undefined)) return undefined;
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function quotient(left, right) {
  return left === undefined || right === undefined ? undefined : left / right;
}

function format(value, digits) {
  return value === undefined ? '–' : value.toFixed(digits);
}
