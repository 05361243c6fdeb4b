// Files that dotenv libraries read. Nobody ever wrote down what such a file is. The npm package `dotenv` is what is held
// to here; of the forms that it reads as meant, those come first that other readers read alike.

import { AppError } from '../errors.ts';
import { forEnvironment, type Variable } from './variable.ts';

/**
 * `NAME='value'` lines. Libraries put the values into an environment, so they hold what one can hold.
 * @throws {AppError} CONFIG for a value that no environment or no quoting can hold
 */
export function dotenvFile(variables: readonly Variable[]): string {
  return variables
    .map(({ name, value }) => `${name}=${written(name, forEnvironment(name, value))}\n`)
    .join('');
}

function written(name: string, value: string): string {
  for (const form of FORMS) {
    const text = form(value);
    if (text !== undefined) return text;
  }
  throw new AppError(
    'CONFIG',
    `the value for ${name} cannot be written for dotenv: its quotes, backslashes and line breaks leave no way to quote it`,
    'use --format json, or docker for a value of one line, or start the program with civault exec',
  );
}

// Between quotes npm's dotenv and Node.js take all as it stands, but for \n and \r between double ones. The rest of the
// conditions is for the others. python-dotenv and its like take \\ and \' back between single quotes, more between
// double ones, and know no backticks. Many expand a $ between double quotes. A carriage return does not live
// through reading the file, so it takes \r; Node.js alone does not know that, and gives no form for it at all.
const FORMS: readonly ((value: string) => string | undefined)[] = [
  // read alike by all
  (value) => (/['\r]|\\\\|\\$/.test(value) ? undefined : `'${value}'`),
  (value) => (/["\\$]/.test(value) ? undefined : `"${value.replaceAll('\r', '\\r')}"`),
  (value) => (/^[^\s#'"`$\p{C}]+$/u.test(value) ? value : undefined),
  // read as meant by npm's dotenv and by Node.js
  (value) => (/['\r]/.test(value) ? undefined : guarded("'", value)),
  (value) => (/[`\r]/.test(value) ? undefined : guarded('`', value)),
  (value) => (/"|\\[nr]/.test(value) ? undefined : guarded('"', value.replaceAll('\r', '\\r'))),
];

// npm's dotenv takes a quote behind a backslash for a part of the value as long as any later quote could end it, which
// may be one of another variable's. The quote in the comment cannot: it does not stand at the end of its line.
function guarded(quote: string, value: string): string {
  return `${quote}${value}${quote}${value.endsWith('\\') ? ` #${quote}.` : ''}`;
}
