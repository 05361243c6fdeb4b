// The command line → a command, its arguments and its flags. minimist does the splitting; what it lets pass (unknown
// flags, numbers made of `007`, a flag given twice) is refused here.

import minimist from 'minimist';
import { AppError, quoted } from './errors.ts';
import type { SettingFlags } from './settings.ts';
import type { GitlabFlags } from './settings-gitlab.ts';

/** What a command takes beside the flags of every command. */
export interface Grammar {
  /** Flags with a value, without their dashes. */
  readonly values?: readonly string[];
  /** Flags without one. */
  readonly switches?: readonly string[];
  /** Whose settings its flags are; Vault's unless said. */
  readonly server?: 'GitLab';
  /** Whether what stands behind `--` is a program to run, with its arguments. */
  readonly takesProgram?: true;
}

/** A parsed command line. */
export interface CommandLine {
  readonly positionals: readonly string[];
  readonly flags: SettingFlags & GitlabFlags;
  /** The command's own flags that have a value. */
  readonly own: Readonly<Record<string, string | undefined>>;
  /** The command's own flags that have none, where they were given. */
  readonly switches: ReadonlySet<string>;
  /** What stands behind `--`, for a command that runs a program. */
  readonly program: readonly string[];
}

const SHARED = ['ca-file', 'timeout', 'retries'];
const VAULTS = {
  values: ['address', 'id-token-variable', 'role', 'auth-path', 'namespace', ...SHARED],
  switches: ['no-revoke', 'timing'],
};
const GITLABS = { values: ['server', 'project', 'token-variable', ...SHARED], switches: ['timing'] };

/** Whether the user asks for help, wherever on the line. */
export function asksForHelp(args: readonly string[]): boolean {
  return ownArguments(args).some((arg) => arg === '--help' || arg === '-h');
}

/** Whether the user asks what took how long. */
export function asksForTiming(args: readonly string[]): boolean {
  return ownArguments(args).includes('--timing');
}

function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end);
}

/**
 * Parses what stands behind the command's name.
 * @throws {AppError} USAGE
 */
export function parseCommandLine(args: readonly string[], grammar: Grammar, command: string): CommandLine {
  const own = grammar.values ?? [];
  const switches = grammar.switches ?? [];
  const settings = grammar.server === 'GitLab' ? GITLABS : VAULTS;
  const values = [...settings.values, ...own];
  const help = `see: civault ${command} --help`;
  const end = grammar.takesProgram ? args.indexOf('--') : -1;
  if (grammar.takesProgram && end < 0) {
    throw new AppError(
      'USAGE',
      `${command} needs a command to run, behind --`,
      `put -- before it: civault ${command} NAME=PATH#FIELD -- COMMAND...`,
    );
  }
  const mine = end < 0 ? args : args.slice(0, end);
  const given = checkFlags(mine, values, [...settings.switches, ...switches], help);
  const parsed = minimist([...mine], {
    string: [...values, '_'],
    boolean: [...settings.switches, ...switches],
  });
  const valuesOf = (names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => (typeof parsed[name] === 'string' ? [[name, parsed[name]]] : [])),
    );
  return {
    positionals: parsed._,
    flags: { ...valuesOf(settings.values), revoke: !given.has('no-revoke') },
    own: valuesOf(own),
    switches: new Set(switches.filter((name) => given.has(name))),
    program: end < 0 ? [] : args.slice(end + 1),
  };
}

// minimist takes `--role --retries 3` for an empty role, `--no-role` for false, and makes a list of a repeated flag.
function checkFlags(
  args: readonly string[],
  values: readonly string[],
  switches: readonly string[],
  help: string,
): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const [index, arg] of args.entries()) {
    if (arg === '--') break;
    if (!/^-./s.test(arg)) continue;
    const [, name = '', value] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    if (switches.includes(name) && value === undefined) {
      seen.add(name);
      continue;
    }
    if (!values.includes(name)) {
      throw new AppError('USAGE', `unknown flag ${quoted(arg.replace(/(?<=.)=.*$/s, ''))}`, help);
    }
    if (seen.has(name)) throw new AppError('USAGE', `--${name} is given twice`, help);
    seen.add(name);
    const next = args[index + 1];
    if (value === undefined && (next === undefined || /^-./s.test(next))) {
      throw new AppError(
        'USAGE',
        `--${name} needs a value`,
        `one that is empty or begins with - is written --${name}=VALUE`,
      );
    }
  }
  return seen;
}

/**
 * The one argument of a command.
 * @throws {AppError} USAGE when there is none, or more
 */
export function onlyArgument(positionals: readonly string[], command: string, what: string): string {
  const [only, ...more] = positionals;
  const hint = `see: civault ${command} --help`;
  if (only === undefined) throw new AppError('USAGE', `${command} needs ${what}`, hint);
  if (more.length > 0)
    throw new AppError(
      'USAGE',
      `${command} takes one ${what.replace(/^an? /, '')}, not ${positionals.length}`,
      hint,
    );
  return only;
}
