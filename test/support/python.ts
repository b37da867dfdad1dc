/** Debian's Python and the libraries packaged for it. */

import { existsSync } from 'node:fs';

/** Debian's interpreter: the one on the path may be another, without Debian's packages. */
export const PYTHON = '/usr/bin/python3';

/** The file by which a Debian package of a Python library is known to be installed. */
export function pythonPackage(name: string): string {
  const folder = `/usr/lib/python3/dist-packages/${name}`;
  return existsSync(`${folder}.py`) ? `${folder}.py` : `${folder}/__init__.py`;
}
