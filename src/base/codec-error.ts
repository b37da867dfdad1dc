/**
 * Bytes that do not say what they should: cut short, of an unknown type, too deep. The fault of whoever sent them.
 *
 * Readers throw it, each protocol turns it into its own refusal.
 */

export class CodecError extends Error {
  constructor(explanation: string) {
    super(explanation);
    this.name = 'CodecError';
  }
}

/** A field table has the length that it says, but something in it is wrong. */
export class FieldTableError extends CodecError {
  override readonly name = 'FieldTableError';
}

/** A text that must be UTF-8 is none. */
export class MalformedTextError extends CodecError {
  override readonly name = 'MalformedTextError';
}
