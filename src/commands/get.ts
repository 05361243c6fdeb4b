// civault get REF: one field's bytes, or a whole secret as JSON, to standard output.

import { EXIT_OK } from '../exit-codes.ts';
import { onlyArgument } from '../options.ts';
import { selectField } from '../vault/fields.ts';
import { parseReference, secretPath } from '../vault/reference.ts';
import type { Command } from './command.ts';
import { withSecrets } from './vault-run.ts';

export const get: Command = {
  grammar: {},
  run: async ({ positionals, flags }, context) => {
    const reference = parseReference(onlyArgument(positionals, 'get', 'a REF'));
    const where = secretPath(reference);
    await withSecrets([reference], flags, context, (secrets) => {
      for (const { fields } of secrets) {
        context.io.writeOutput(selectField(fields, reference.field, where).reveal());
      }
    });
    return EXIT_OK;
  },
};
