// Small programs in the place of trivy, mvn and the like. Each notes how it was called, and fails, and with it the job, where what
// it was given is not what Vault holds. They know digests, never a secret.

import { createHash } from 'node:crypto';

/** A line of shell that fails the program unless something is so. */
export type Check = string;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const digestIs = (text: string, command: string, what: string): Check =>
  `[ "$(${command} | sha256sum)" = "${sha256(text)}  -" ] || fail "${what}"`;

/** A variable in the environment has this value, byte for byte. */
export function variableIs(name: string, value: string): Check {
  return digestIs(value, `printf %s "\${${name}-}"`, `${name} is not the secret`);
}

/** A variable is not in the environment. */
export function variableAbsent(name: string): Check {
  return `[ -z "\${${name}+there}" ] || fail "${name} is there"`;
}

/** Standard input is this text and nothing else. */
export function inputIs(text: string): Check {
  return digestIs(text, 'cat', 'standard input is not the secret');
}

/** A Docker configuration holds this one login, and is its owner's alone. */
export function dockerLoginIs(file: string, auth: string): Check {
  const field = `sed -n 's/.*"auth": *"\\([^"]*\\)".*/\\1/p' ${file}`;
  return [
    `[ -f ${file} ] || fail "there is no ${file}"`,
    `[ "$(stat -c %a ${file})" = 600 ] || fail "${file} is not its owner's alone"`,
    digestIs(`${auth}\n`, field, `${file} does not hold the login`),
    `cp ${file} /seen/config.json`,
  ].join('\n');
}

/** A file is there for its owner alone and holds no placeholder; the test gets a copy of it. */
export function fileFilled(file: string): Check {
  return [
    `[ -f ${file} ] || fail "there is no ${file}"`,
    `[ "$(stat -c %a ${file})" = 600 ] || fail "${file} is not its owner's alone"`,
    `! grep -q '{{' ${file} || fail "${file} was not filled"`,
    `cp ${file} "/seen/\${0##*/}.file"`,
  ].join('\n');
}

/** A program that makes these checks and then does what else is said. */
export function tool(checks: readonly Check[], then = ''): string {
  return `#!/bin/sh
name="\${0##*/}"
printf '%s\\n' "$name\${*:+ $*}" >>/seen/calls
fail() { echo "$name: $1" >&2; exit 9; }
${checks.join('\n')}
echo "$name: was given what it needs"
${then}
`;
}
