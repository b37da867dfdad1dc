/** Types of table.mjs for its test. */

export interface Line {
  readonly name: string;
  readonly own: string;
  readonly peer: string;
  readonly ratio: string;
  readonly limit: string;
  readonly isMet: boolean | undefined;
  readonly note: string;
}

interface Target {
  readonly target?: number;
  readonly rabbitmq310?: number;
}

interface Result {
  readonly cpu: number | undefined;
  readonly p99?: number;
  /** Bytes that reached the disk for each byte published. */
  readonly diskShare?: number;
  readonly error: string;
}

export function measuredRow(
  row: Target & { readonly name: string; readonly flags?: string; readonly p99?: Target },
  rounds: readonly (readonly Result[])[],
): Line[];
export function memoryRow(row: { readonly name: string; readonly targetMb: number }, measured: readonly number[]): Line;
export function table(lines: readonly Line[]): string;
export function replaceTable(document: string, text: string): string;
export function median(values: readonly (number | undefined)[]): number | undefined;
