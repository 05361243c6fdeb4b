// civault env MAPPING...: variables as assignments that a shell evaluates, or as a file for somebody else to read.

import { AppError, quoted } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { compactJson } from '../json.ts';
import { dockerEnvFile } from '../output/docker-env.ts';
import { dotenvFile } from '../output/dotenv.ts';
import { shellAssignments, shellFailure } from '../output/shell.ts';
import type { Variable } from '../output/variable.ts';
import type { Command } from './command.ts';
import { resultWriter } from './result.ts';
import { makeVariables, parseMappings } from './variables.ts';
import { withSecrets } from './vault-run.ts';

const FORMATS: ReadonlyMap<string, (variables: readonly Variable[]) => string> = new Map([
  ['sh', shellAssignments],
  ['dotenv', dotenvFile],
  ['docker', dockerEnvFile],
  ['json', jsonObject],
]);

export const env: Command = {
  grammar: { values: ['format', 'output'] },
  run: async (line, context) => {
    const { positionals, flags, own } = line;
    const { environment, io } = context;
    const format = own['format'] ?? 'sh';
    const write = FORMATS.get(format);
    if (write === undefined) {
      const hint = `the formats are ${[...FORMATS.keys()].join(', ')}`;
      throw new AppError('USAGE', `unknown format ${quoted(format)}`, hint);
    }
    const mappings = parseMappings(positionals, 'env');
    const writeResult = resultWriter(line, io);
    if (format === 'dotenv' && (environment['GITLAB_CI'] ?? '') !== '') {
      for (const text of REPORT_WARNING) io.writeMessage(text);
    }
    const references = mappings.map(({ reference }) => reference);
    await withSecrets(references, flags, context, (secrets) => {
      writeResult(write(makeVariables(mappings, secrets, io)));
    });
    return EXIT_OK;
  },
  onFailure: (status, args) => (isEvaluated(args) ? shellFailure(status) : ''),
};

// GitLab's documents on artifacts:reports:dotenv: what is in the report is stored, and nothing of it is masked. That
// it expands $ and takes no line breaks is in the help: whoever heeds this does not get there.
const REPORT_WARNING = [
  'warning: as artifacts:reports:dotenv, GitLab would store these values unmasked, to be downloaded',
  'hint: let each job that needs them run civault itself; keep the file out of artifacts: and cache:',
];

// Nothing is refused here: there is no length and no byte that JSON could not hold.
function jsonObject(variables: readonly Variable[]): string {
  return `${compactJson(new Map(variables.map(({ name, value }) => [name, value.reveal()])))}\n`;
}

// The line may be one that could not be parsed. A file or another program does not end a script by an exit in it;
// whoever evaluates an output of nothing would run on, so in doubt there is one.
function isEvaluated(args: readonly string[]): boolean {
  const format = givenFor('--format', args) ?? 'sh';
  const isShell = format === 'sh' || !FORMATS.has(format);
  return isShell && (givenFor('--output', args) ?? '-') === '-';
}

function givenFor(flag: string, args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const mine = end < 0 ? args : args.slice(0, end);
  const at = mine.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  return mine[at] === flag ? mine[at + 1] : mine[at]?.slice(flag.length + 1);
}
