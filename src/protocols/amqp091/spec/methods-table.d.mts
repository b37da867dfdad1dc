/** The types of methods-table.mjs, for the generator's comments and for tests. */

export interface Field {
  /** Empty for a reserved field. */
  readonly name: string;
  readonly type: 'bit' | 'octet' | 'short' | 'long' | 'tag' | 'shortstr' | 'longstr' | 'table';
}

export interface Method {
  readonly id: number;
  readonly name: string;
  readonly sender: 'client' | 'server' | 'both';
  readonly fields: readonly Field[];
  readonly hasContent: boolean;
}

export interface MethodClass {
  readonly id: number;
  readonly name: string;
  readonly methods: readonly Method[];
}

export const CLASSES: readonly MethodClass[];
