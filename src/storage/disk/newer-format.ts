/**
 * A file that a newer program wrote in a form that is not known here. It is refused: to read it as if it were damaged would
 * cost what stands in it.
 */

export interface FileVersion {
  readonly file: string;
  readonly version: number;
  /** The newest that this program knows. */
  readonly known: number;
}

export class NewerFormatError extends Error {
  override readonly name = 'NewerFormatError';

  constructor({ file, version, known }: FileVersion) {
    super(
      `${file} has version ${version} of its form, and this program knows versions up to ${known}. It was written by a ` +
        'newer Leveret: start that one, or choose another folder with --data-dir.',
    );
  }
}

/** @throws NewerFormatError when the version is not known */
export function assertKnownVersion(found: FileVersion): void {
  if (found.version > found.known) throw new NewerFormatError(found);
}
