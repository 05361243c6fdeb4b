// civault exec MAPPING... -- COMMAND...: a program with the secrets in its environment, and masked in its output.

import { inheritedDescriptors } from '../child/descriptors.ts';
import { alteredArguments, alteredVariables } from '../child/encoding.ts';
import { runProgram } from '../child/run.ts';
import { AppError, printable, quoted } from '../errors.ts';
import { type Environment, orCutShort } from '../io.ts';
import { type MaskForm, maskForms, SHORTEST } from '../output/mask-forms.ts';
import { createMasker } from '../output/masker.ts';
import { forEnvironment, type Variable } from '../output/variable.ts';
import { endLeases, keepAlive } from '../vault/renewal.ts';
import type { Command, Context } from './command.ts';
import { makeVariables, parseMappings } from './variables.ts';
import { type VaultRun, withVault } from './vault-run.ts';

// A timer of Node holds 31 bits of milliseconds.
const LONGEST_TIMER = 2 ** 31 - 1;

export const exec: Command = {
  grammar: { values: ['unmasked'], switches: ['keep-vault-env', 'no-masking'], takesProgram: true },
  run: async ({ positionals, flags, own, switches, program }, context) => {
    const [command, ...args] = program;
    if (command === undefined || command === '') {
      throw new AppError(
        'USAGE',
        'there is no command behind --',
        'a variable that is not set is none: civault exec NAME=PATH#FIELD -- COMMAND...',
      );
    }
    const mappings = parseMappings(positionals, 'exec');
    assertHandedOn(program, context);
    const inherited = inheritedDescriptors();
    return withVault(flags, context, async (run) => {
      const secrets = await run.read(mappings.map(({ reference }) => reference));
      context.io.mark('read');
      const variables = makeVariables(mappings, secrets, context.io);
      const tokens = tokenVariables(run, context);
      const environment = environmentWith(variables, switches.has('keep-vault-env') ? [] : tokens, context);
      const makeMasker = switches.has('no-masking')
        ? undefined
        : maskerFor(withoutNames(variables, own['unmasked']), tokens, run, context);
      // Nothing hangs on the token: it ends before the command begins.
      if (run.leases.length === 0) await orCutShort(run.end(), context.io);
      const stopKeeping = run.leases.length === 0 ? undefined : startKeeping(run, context);
      try {
        return await runProgram({ command, args, environment, inherited, makeMasker }, context.io);
      } finally {
        context.io.mark('command');
        stopKeeping?.();
        if (flags.revoke !== false && !run.session.endsLeases)
          await endLeases(run.session, run.leases, context.io);
      }
    });
  },
};

// Rather than to run the command on another file, or with another value.
function assertHandedOn(program: readonly string[], { environment, io }: Context): void {
  const [argument] = alteredArguments(program);
  if (argument !== undefined) {
    throw new AppError(
      'USAGE',
      `the argument ${quoted(argument)} is not UTF-8, and can be handed on as that alone`,
      'let a shell make it behind --, such as by printf, or rename the file',
    );
  }
  for (const name of alteredVariables(environment)) {
    io.writeMessage(`warning: the variable ${printable(name)} is not UTF-8: the command gets it changed`);
  }
}

/** Renews until the function that it gives back is called. */
function startKeeping({ session, leases, since }: VaultRun, { io }: Context): () => void {
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
  void keepAlive(session, leases, since, { ...io, sleep });
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}

function environmentWith(
  variables: readonly Variable[],
  dropped: readonly string[],
  { environment }: Context,
): Environment {
  const kept = { ...environment };
  for (const name of dropped) delete kept[name];
  for (const { name, value } of variables) kept[name] = forEnvironment(name, value);
  return kept;
}

/** The variables by which the command could get all the other secrets too: the ID token, whatever it is called, and VAULT_TOKEN. */
function tokenVariables({ settings }: VaultRun, { environment }: Context): string[] {
  const idToken = environment[settings.idTokenVariable] ?? '';
  const named = [settings.idTokenVariable, 'VAULT_ID_TOKEN', 'VAULT_TOKEN'];
  return Object.keys(environment).filter(
    (name) => named.includes(name) || (idToken !== '' && environment[name] === idToken),
  );
}

/** The variables but for those that are named in a list: a port or a host may be a field of a secret and none itself. */
function withoutNames(variables: readonly Variable[], list = ''): readonly Variable[] {
  const names = list === '' ? [] : list.split(',');
  const unknown = names.find((name) => !variables.some((variable) => variable.name === name));
  if (unknown === undefined) return variables.filter(({ name }) => !names.includes(name));
  throw new AppError(
    'USAGE',
    `--unmasked names ${quoted(unknown)}, and no MAPPING makes that variable`,
    `there are ${variables.map(({ name }) => name).join(', ')}`,
  );
}

function maskerFor(
  variables: readonly Variable[],
  tokens: readonly string[],
  { session }: VaultRun,
  { environment, io }: Context,
) {
  for (const { name, value } of variables) {
    const size = Buffer.byteLength(value.reveal());
    if (size > 0 && size < SHORTEST) {
      io.writeMessage(`warning: the value of ${name} is too short to be masked (under ${SHORTEST} bytes)`);
    }
  }
  const secrets = [
    ...variables.map(({ value }) => value.reveal()),
    ...tokens.map((name) => environment[name] ?? ''),
    session.token?.reveal() ?? '',
  ];
  // When it is first wanted, the command has begun: so it is begun the sooner.
  let forms: MaskForm[] | undefined;
  return () => {
    forms ??= maskForms(secrets);
    return createMasker(forms);
  };
}
