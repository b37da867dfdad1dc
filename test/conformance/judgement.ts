/**
 * Compares what the broker said with what RabbitMQ 3.10 said. Where the two differ on purpose, differences.json says why.
 */

/** Where this broker answers otherwise than RabbitMQ 3.10, on purpose: some text of its answers is another one. */
export interface Difference {
  /** Names of cases. */
  readonly cases: readonly string[];
  /** What RabbitMQ 3.10 says: a part of a line, or lines. */
  readonly rabbitmq: string;
  /** What this broker says instead. */
  readonly leveret: string;
  /** A row of FEATURES, or "Decided" with the line meant. */
  readonly reason: string;
}

export interface Judged {
  readonly recorded: readonly string[] | undefined;
  readonly answered: readonly string[];
  /** Those that concern the case. */
  readonly differences: readonly Difference[];
}

/** What is wrong with a case, as a sentence; undefined when all is well. */
export function complaintAbout({ recorded, answered, differences }: Judged): string | undefined {
  if (recorded === undefined) return 'RabbitMQ was not asked: record it';
  const rabbitmq = recorded.join('\n');
  const leveret = answered.join('\n');
  if (differences.length > 0 && rabbitmq === leveret) return 'it no longer differs: remove it from differences.json';
  const stale = differences.find((difference) => !rabbitmq.includes(difference.rabbitmq));
  if (stale !== undefined) return `differences.json has RabbitMQ say what it does not: ${stale.rabbitmq}`;
  const expected = differences.reduce((text, one) => text.replaceAll(one.rabbitmq, one.leveret), rabbitmq);
  if (expected === leveret) return undefined;
  const purpose = differences.length > 0 ? ', with the listed differences' : '';
  return `RabbitMQ 3.10 said${purpose}\n${indented(expected)}\nand here it was\n${indented(leveret)}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
