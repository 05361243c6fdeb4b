// civault env MAPPING...: assignments that a shell evaluates.

import { AppError, quoted } from '../errors.ts';
import { checkNames, nullFields, parseMapping, variablesOf, withoutClashes } from '../mapping.ts';
import { shellAssignments, shellFailure } from '../output/shell.ts';
import type { Command } from './command.ts';
import { withSecrets } from './vault-run.ts';

export const env: Command = {
  grammar: { values: ['format'] },
  run: async ({ positionals, flags, own }, context) => {
    const format = own['format'] ?? 'sh';
    if (format !== 'sh') throw new AppError('USAGE', `unknown format ${quoted(format)}`, 'the format is sh');
    if (positionals.length === 0) {
      throw new AppError('USAGE', 'env needs a MAPPING, such as NAME=PATH#FIELD', 'see: civault env --help');
    }
    const mappings = positionals.map(parseMapping);
    checkNames(mappings);
    const references = mappings.map(({ reference }) => reference);
    await withSecrets(references, flags, context, (secrets) => {
      const variables = mappings.flatMap((mapping, index) => {
        const fields = secrets[index]?.fields;
        if (fields === undefined) throw new Error('a mapping without its secret');
        for (const field of nullFields(mapping, fields)) {
          context.io.writeMessage(`note: the field ${quoted(field)} is null: no variable is made of it`);
        }
        return variablesOf(mapping, fields, mappings);
      });
      context.io.writeOutput(shellAssignments(withoutClashes(variables)));
    });
  },
  onFailure: shellFailure,
};
