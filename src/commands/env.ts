// civault env MAPPING...: assignments that a shell evaluates.

import { AppError, quoted } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { shellAssignments, shellFailure } from '../output/shell.ts';
import type { Command } from './command.ts';
import { makeVariables, parseMappings } from './variables.ts';
import { withSecrets } from './vault-run.ts';

export const env: Command = {
  grammar: { values: ['format'] },
  run: async ({ positionals, flags, own }, context) => {
    const format = own['format'] ?? 'sh';
    if (format !== 'sh') throw new AppError('USAGE', `unknown format ${quoted(format)}`, 'the format is sh');
    const mappings = parseMappings(positionals, 'env');
    const references = mappings.map(({ reference }) => reference);
    await withSecrets(references, flags, context, (secrets) => {
      context.io.writeOutput(shellAssignments(makeVariables(mappings, secrets, context.io)));
    });
    return EXIT_OK;
  },
  onFailure: shellFailure,
};
