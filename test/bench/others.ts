// Other programs that bring secrets from Vault into a job, to be measured beside civault: the CLI of Vault or OpenBao where one
// is on PATH, and what `make bench-others` builds with Go.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { isProgram, onPath } from '../harness/programs.ts';
import { mappingsOf, type Wanted } from './pipelines.ts';

/** A program that is built with Go. */
export interface Built {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The package of its `main`; undefined for go-client/main.go, which needs the module. */
  readonly package: string | undefined;
}

export const VALS: Built = {
  name: 'vals',
  module: 'github.com/helmfile/vals',
  version: 'v0.46.1',
  package: 'github.com/helmfile/vals/cmd/vals',
};
/** Vault's own CLI cannot be built from the Go module proxy: parts of its modules are not there. */
export const CLIENT: Built = {
  name: 'vault-client',
  module: 'github.com/hashicorp/vault/api',
  version: 'v1.23.0',
  package: undefined,
};

/** Where a program is kept that was built. */
export function placeOf({ name, version }: Built): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'civault', `${name}-${version}`);
}

/** A program that is measured beside civault, and what it does in a job. */
export interface Other {
  readonly name: string;
  /** Logs in by the ID token; else VAULT_TOKEN is at hand. */
  readonly logsIn: boolean;
  readonly script: (wanted: readonly Wanted[]) => string;
}

/** Those that are here. */
export function findOthers(): Other[] {
  const vault = onPath('vault') ?? onPath('bao');
  const [vals, client] = [onPath(VALS.name) ?? placeOf(VALS), placeOf(CLIENT)];
  return [
    ...(vault === undefined
      ? []
      : [{ name: 'the CLI', logsIn: true, script: (wanted: readonly Wanted[]) => cliScript(wanted, vault) }]),
    ...(isProgram(client)
      ? [
          {
            name: "Vault's Go client",
            logsIn: true,
            script: (wanted: readonly Wanted[]) => clientScript(wanted, client),
          },
        ]
      : []),
    ...(isProgram(vals)
      ? [{ name: 'vals', logsIn: false, script: (wanted: readonly Wanted[]) => valsScript(wanted, vals) }]
      : []),
  ];
}

// As Vault's documentation has it for jobs.
function cliScript(wanted: readonly Wanted[], vault: string): string {
  const reads = fieldsOf(wanted).map(
    ({ variable, path, field }) =>
      `export ${variable}="$('${vault}' kv get -field='${field}' '${commandPath(path)}')"\n`,
  );
  return `set -e
VAULT_TOKEN="$('${vault}' write -field=token auth/jwt/login role=nexus-ci jwt="$VAULT_ID_TOKEN")"
export VAULT_TOKEN
${reads.join('')}`;
}

function clientScript(wanted: readonly Wanted[], client: string): string {
  return `set -e\nVARIABLES="$('${client}' ${mappingsOf(wanted).join(' ')})"\neval "$VARIABLES"\n`;
}

// It has no login by an ID token.
function valsScript(wanted: readonly Wanted[], vals: string): string {
  const lines = fieldsOf(wanted).map(
    ({ variable, path, field }) => `${variable}: ref+vault://${commandPath(path)}#/${field}\n`,
  );
  return `set -e\nVARIABLES="$('${vals}' env -export -f - <<'END'\n${lines.join('')}END\n)"\neval "$VARIABLES"\n`;
}

function commandPath(path: string): string {
  return path.replace('/data/', '/');
}

function fieldsOf(wanted: readonly Wanted[]) {
  return wanted.flatMap(({ path, variables }) =>
    Object.entries(variables).map(([variable, field]) => ({ variable, path, field })),
  );
}
