// Files for `docker run --env-file`: a variable a line, taken as it stands, without quotes and without escapes.

import { AppError } from '../errors.ts';
import { forEnvironment, type Variable } from './variable.ts';

// bufio.MaxScanTokenSize of Go, with the line break: Docker refuses the whole file for a longer line.
const LONGEST_LINE = 65_535;

/**
 * `NAME=value` lines. The values go into a container's environment, so they hold what one can hold, less what a line
 * of such a file cannot.
 * @throws {AppError} CONFIG for a value with a line break or a NUL byte, or a line that is too long
 */
export function dockerEnvFile(variables: readonly Variable[]): string {
  return variables
    .map(({ name, value }) => {
      const line = `${name}=${forEnvironment(name, value)}`;
      if (/[\r\n]/.test(line))
        throw unfit(name, 'holds a line break, which no line of an --env-file can hold');
      if (Buffer.byteLength(line) > LONGEST_LINE)
        throw unfit(name, "is larger than the 64 KiB of Docker's lines");
      return `${line}\n`;
    })
    .join('');
}

function unfit(name: string, why: string): AppError {
  return new AppError(
    'CONFIG',
    `the value for ${name} ${why}`,
    `export it with eval "$(civault env ...)" and hand it on by its name: docker run --env ${name}`,
  );
}
