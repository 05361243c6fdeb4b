// What a job's variables and flags say.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holdsToken } from '../../src/errors.ts';
import { parseCommandLine } from '../../src/options.ts';
import {
  controlIn,
  parseDuration,
  readDuration,
  readSwitch,
  readVariableName,
} from '../../src/setting-values.ts';
import { readSettings } from '../../src/settings.ts';
import { readGitlab } from '../../src/settings-gitlab.ts';
import { around } from './mutation.ts';
import { assertLine, taken, target } from './target.ts';

const TOKEN = 'hvs.xKmarkedTokenOfTheJob00';
const VALUES: Readonly<Record<string, readonly string[]>> = {
  VAULT_ADDR: ['https://vault.example.com', 'http://vault:8200', '$VAULT_URL'],
  VAULT_TOKEN: [TOKEN, `${TOKEN}\n`, `"${TOKEN}"`, '$TOKEN'],
  VAULT_ROLE: ['nexus-ci', '', '$VAULT_ROLE'],
  VAULT_AUTH_PATH: ['jwt', 'gitlab/prod', 'auth/jwt/', '/jwt'],
  VAULT_NAMESPACE: ['team/a', 'root', '/'],
  VAULT_CLIENT_TIMEOUT: ['60', '1m30s', '500ms'],
  VAULT_MAX_RETRIES: ['5', '0'],
  VAULT_SKIP_VERIFY: ['true', '0'],
  VAULT_CACERT: ['/ca.pem', '-----BEGIN CERTIFICATE-----'],
  VAULT_TLS_SERVER_NAME: ['vault.example.com'],
  HTTPS_PROXY: ['http://u:p@proxy:3128'],
  CI_API_V4_URL: ['https://gitlab.example.com/api/v4'],
  CI_PROJECT_ID: ['42', 'group/project'],
  CI_JOB_TOKEN: ['glcbt-64_xKmarkedJobToken'],
};
const environment = fc.record(
  Object.fromEntries(
    Object.entries(VALUES).map(([name, values]) => [
      name,
      fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...values) }, around(values)),
    ]),
  ),
  { requiredKeys: [] },
);
const hides = [TOKEN.slice(4), 'xKmarkedJobToken'];
const ARGUMENTS = [
  '--role',
  '--role=x',
  '--timeout',
  '30',
  '--no-revoke',
  '--',
  '-h',
  '--output',
  'x',
  'secret/a#b',
  '--no-role',
  '--ca-file=',
  '-o',
  '--constructor',
  '--__proto__=1',
  '--role.a=1',
];

export const targets = [
  target(
    'the settings for Vault',
    environment,
    (variables) => {
      const settings = taken(() => readSettings({}, variables as Record<string, string>), {
        hides,
        longest: 9000,
      });
      if (settings === undefined) return;
      assert.ok(settings.timeout > 0 && settings.timeout <= 86_400_000);
      for (const line of settings.warnings) assertLine(line);
      for (const value of [settings.session.namespace ?? '', settings.ownToken?.reveal() ?? ''])
        assert.match(value, /^[\x20-\x7e]*$/);
    },
    { weight: 2 },
  ),
  target('the settings for GitLab', environment, (variables) => {
    const settings = taken(() => readGitlab({}, variables as Record<string, string>), {
      hides,
      longest: 9000,
    });
    if (settings === undefined) return;
    assert.match(settings.token?.value.reveal() ?? 'x', /^[\x21-\x7e]+$/);
    assert.match(settings.project, /^[\w./-]+$/);
    for (const line of settings.warnings) assertLine(line);
  }),
  target(
    'a time',
    around(['30', '1m30s', '500ms', '1.5h', '0', '1h2m3s4ms'], ['s', 'm', 'h', 'ms', '.', '9', 'us']),
    (text) => {
      const found = parseDuration(text);
      assert.ok(found === undefined || (Number.isFinite(found) && found >= 0));
      const time = taken(() => readDuration(text, '--timeout', undefined));
      assert.ok(time === undefined || (time === found && time > 0 && time <= 86_400_000));
    },
  ),
  target(
    'a switch, a name, and what no setting may hold',
    around(['true', 'FALSE', '0', 'VAULT_ID_TOKEN', '$NAME', TOKEN, 'a\n']),
    (text) => {
      taken(() => readSwitch({ name: 'VAULT_SKIP_VERIFY', value: text }));
      const name = taken(() => readVariableName(text, '--id-token-variable', 'X'), {
        // One that is joined to other letters is no token.
        hides: holdsToken(text) ? [TOKEN] : [],
      });
      assert.doesNotMatch(name ?? 'x', /[=\u0000-\u001f\u007f]|^$/);
      assert.equal(controlIn(text) === undefined, !/[\u0000-\u001f\u007f]/.test(text));
    },
  ),
  target(
    'a command line',
    fc.array(fc.oneof(fc.constantFrom(...ARGUMENTS), around(ARGUMENTS)), { maxLength: 5 }),
    (args) => {
      const line = taken(() =>
        parseCommandLine(args, { values: ['output'], switches: ['force'], takesProgram: true }, 'exec'),
      );
      if (line === undefined) return;
      for (const each of [...line.positionals, ...line.program])
        assert.ok(args.includes(each), 'an argument that was not given');
      for (const value of Object.values(line.flags)) assert.ok(typeof value !== 'number');
    },
  ),
];
