// civault exec MAPPING... -- COMMAND...: a program with the secrets in its environment, and masked in its output.

import { inheritedDescriptors } from '../child/descriptors.ts';
import { runProgram } from '../child/run.ts';
import { AppError } from '../errors.ts';
import { type Environment, orCutShort } from '../io.ts';
import { type MaskForm, maskForms } from '../output/mask-forms.ts';
import { createMasker } from '../output/masker.ts';
import { forEnvironment, type Variable } from '../output/variable.ts';
import { keepAlive } from '../vault/renewal.ts';
import type { Command, Context } from './command.ts';
import { makeVariables, parseMappings } from './variables.ts';
import { type VaultRun, withVault } from './vault-run.ts';

// Fewer bytes are too common to be told from other text.
const SHORTEST_MASKED = 4;
// A timer of Node holds 31 bits of milliseconds.
const LONGEST_TIMER = 2 ** 31 - 1;

export const exec: Command = {
  grammar: { switches: ['keep-vault-env', 'no-masking'], takesProgram: true },
  run: async ({ positionals, flags, switches, program }, context) => {
    const [command, ...args] = program;
    if (command === undefined || command === '') {
      throw new AppError(
        'USAGE',
        'exec needs a command to run',
        'it stands behind --: civault exec NAME=PATH#FIELD -- COMMAND...',
      );
    }
    const mappings = parseMappings(positionals, 'exec');
    const inherited = inheritedDescriptors();
    return withVault(flags, context, async (run) => {
      const secrets = await run.read(mappings.map(({ reference }) => reference));
      const variables = makeVariables(mappings, secrets, context.io);
      const environment = environmentWith(variables, run, context, switches.has('keep-vault-env'));
      const makeMasker = switches.has('no-masking') ? undefined : maskerFor(variables, run, context);
      // Nothing hangs on the token: it ends before the command begins.
      if (run.leases.length === 0) await orCutShort(run.end(), context.io);
      const stopKeeping = run.leases.length === 0 ? undefined : startKeeping(run, context);
      try {
        return await runProgram({ command, args, environment, inherited, makeMasker }, context.io);
      } finally {
        stopKeeping?.();
      }
    });
  },
};

/** Renews until the function that it gives back is called. */
function startKeeping({ session, leases }: VaultRun, { io }: Context): () => void {
  const timers = new Set<NodeJS.Timeout>();
  const sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        timers.delete(timer);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(milliseconds, LONGEST_TIMER));
      timers.add(timer);
    });
  void keepAlive(session, leases, { ...io, sleep });
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}

function environmentWith(
  variables: readonly Variable[],
  { settings }: VaultRun,
  { environment }: Context,
  keepsVault: boolean,
): Environment {
  const kept = { ...environment };
  // The command has its secrets: what would give it all the others is none of its business.
  for (const name of keepsVault ? [] : [settings.idTokenVariable, 'VAULT_TOKEN']) delete kept[name];
  for (const { name, value } of variables) kept[name] = forEnvironment(name, value);
  return kept;
}

function maskerFor(variables: readonly Variable[], { session }: VaultRun, { io }: Context) {
  for (const { name, value } of variables) {
    const size = Buffer.byteLength(value.reveal());
    if (size > 0 && size < SHORTEST_MASKED) {
      io.writeMessage(
        `warning: the value of ${name} is too short to be masked (under ${SHORTEST_MASKED} bytes)`,
      );
    }
  }
  const tokens = [session.token, session.idToken?.token].flatMap((token) => token ?? []);
  const secrets = [...variables.map(({ value }) => value), ...tokens];
  // When it is first wanted, the command has begun: so it is begun the sooner.
  let forms: MaskForm[] | undefined;
  return () => {
    forms ??= maskForms(secrets.map((secret) => secret.reveal()));
    return createMasker(forms);
  };
}
