// Proves that what Docker takes before the entries of its config.json is told, in both places that it looks at, and nothing
// else; and that no secret is in a warning.

import assert from 'node:assert/strict';
import test from 'node:test';
import { readDockerConfig, unusedLogins } from '../../src/output/docker-config.ts';
import { assertHolds } from './failures.ts';

const HUB = 'https://index.docker.io/v1/';
const PATH = '/home/ci/.docker/config.json';

for (const [config, keys, variable, expected] of [
  ['{}', ['a.example'], undefined, []],
  ['{"credsStore":""}', ['a.example'], undefined, []],
  ['{"credsStore":7,"credHelpers":[]}', ['a.example'], undefined, []],
  [
    '{"credsStore":"desktop"}',
    ['a.example', 'b.example'],
    undefined,
    ['for a.example, b.example Docker asks docker-credential-desktop (credsStore in'],
  ],
  ['{"credsStore":"desktop","credHelpers":{"a.example":""}}', ['a.example'], undefined, []],
  [
    '{"credsStore":"desktop","credHelpers":{"a.example":"ecr-login"}}',
    ['a.example', 'b.example'],
    undefined,
    [
      'for a.example Docker asks docker-credential-ecr-login (credHelpers in',
      'for b.example Docker asks docker-credential-desktop (credsStore in',
    ],
  ],
  ['{"credHelpers":{"other.example":"ecr-login"}}', ['a.example'], undefined, []],
  [
    '{"credHelpers":{"https://a.example/":"ecr-login"}}',
    ['a.example'],
    undefined,
    ['docker-credential-ecr-login'],
  ],
  [
    '{"credHelpers":{"docker.io":"pass"}}',
    [HUB],
    undefined,
    [`for ${HUB} Docker asks docker-credential-pass`],
  ],
  [
    '{"credHelpers":{"a.example":"\\u001b[31m"}}',
    ['a.example'],
    undefined,
    ['docker-credential-\\u001b[31m'],
  ],
  ['{"credHelpers":{"not a registry":"x","a.example":null}}', ['a.example'], undefined, []],
  [
    '{}',
    ['a.example'],
    '{"auths":{"a.example":{"auth":"gehe1m"}}}',
    ['DOCKER_AUTH_CONFIG holds credentials of a.example too'],
  ],
  ['{}', ['a.example'], '{"auths":{"https://a.example":{"auth":"gehe1m"}}}', ['DOCKER_AUTH_CONFIG holds']],
  ['{}', ['a.example'], '{"auths":{"b.example":{"auth":"gehe1m"}}}', []],
  ['{}', ['a.example'], '', []],
  ['{}', ['a.example'], 'gehe1m', []],
  ['{}', ['a.example'], '{"auths":"gehe1m"}', []],
] as const) {
  test(`${config} and DOCKER_AUTH_CONFIG=${variable ?? ''}: ${expected.length} warnings`, () => {
    const warnings = unusedLogins(readDockerConfig(config, PATH), keys, PATH, variable);
    assert.equal(warnings.length, expected.length, warnings.join('\n'));
    for (const [index, part] of expected.entries()) assertHolds(warnings[index], part);
    for (const warning of warnings) assert.doesNotMatch(warning, /gehe1m|[\u0000-\u001f]/);
  });
}
