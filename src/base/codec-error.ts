/**
 * Bytes that do not say what they should: cut short, of an unknown type, too deep. The fault of whoever sent them.
 *
 * Readers throw it, each protocol turns it into its own refusal (AMQP 0-9-1: 502 SYNTAX_ERROR).
 */

export class CodecError extends Error {
  constructor(explanation: string) {
    super(explanation);
    this.name = 'CodecError';
  }
}
