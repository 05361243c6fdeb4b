// JSON and its pointers, Docker's config.json.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compactJson,
  indentedJson,
  JsonNumber,
  JsonSyntaxError,
  type JsonValue,
  member,
  parseJson,
} from '../../src/json.ts';
import { formatPointer, pointerTokens } from '../../src/json-pointer.ts';
import {
  addLogins,
  basicAuth,
  readDockerConfig,
  registryKey,
  unusedLogins,
} from '../../src/output/docker-config.ts';
import { Secret } from '../../src/secret.ts';
import { anyUnits, around } from './mutation.ts';
import { assertLine, taken, target } from './target.ts';

const MARK = 'xKmarked-value9';
const JSON_TEXTS = [
  `{"auth":{"client_token":"${MARK}","lease_duration":3600,"policies":["default",null]},"n":[1.10,-0,1e5,12345678901234567890]}`,
  `{"__proto__":{"a":[true,false,null]},"a":"\\u0000\\ud83d\\ude00\\ud800\\/","a":[[],{},""]} `,
  ' [ "\u2028" , { "" : -1.5E+3 } , "\\"\\\\\\b\\f\\n\\r\\t" ]\r\n\t',
  '"x"',
  '0',
];
/** What JSON is made of. */
export const JSON_WORDS = [
  'true',
  'false',
  'null',
  '"a"',
  '"__proto__":',
  '{"a":',
  '[[',
  ']]',
  '\\u00',
  '\\ud83d',
  '1.5',
  '-0',
  'e+',
  '0x1',
  ',,',
];

/** Whether two readers made the same of a text: keys by their last values, and numbers as doubles. */
function assertAlike(ours: JsonValue, plain: unknown): void {
  const work: [JsonValue | undefined, unknown][] = [[ours, plain]];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const [one, other] = next;
    if (one instanceof JsonNumber) assert.ok(Object.is(Number(one.text), other), one.text);
    else if (Array.isArray(other)) {
      assert.ok(Array.isArray(one) && one.length === other.length);
      for (const [index, item] of other.entries()) work.push([one[index], item]);
    } else if (typeof other === 'object' && other !== null) {
      assert.ok(one instanceof Map);
      const entries = Object.entries(other);
      assert.equal(one.size, entries.length);
      for (const [key, value] of entries) work.push([one.get(key), value]);
    } else assert.equal(one, other);
  }
}

function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const letter of text) {
    if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function readsJson(text: string): void {
  let ours: JsonValue | JsonSyntaxError;
  try {
    ours = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    assert.match(error.message, /^not JSON at character \d+$/);
    ours = error;
  }
  let plain: { value: unknown } | undefined;
  try {
    plain = { value: JSON.parse(text) as unknown };
  } catch {
    plain = undefined;
  }
  if (ours instanceof JsonSyntaxError) {
    assert.ok(plain === undefined || depthOf(text) > 512, 'refused alone');
    return;
  }
  assert.ok(plain !== undefined, 'taken alone');
  assertAlike(ours, plain.value);
  for (const write of [compactJson, indentedJson]) {
    const written = write(ours);
    assert.ok(written.isWellFormed());
    if (text.length < 2000) assert.deepEqual(parseJson(written), ours);
  }
}

const CONFIGS = [
  `{"auths":{"r.example.com":{"auth":"${MARK}","identitytoken":"${MARK}"},"https://index.docker.io/v1/":{}},"credsStore":"desktop","credHelpers":{"r.example.com":"gcr","https://r.example.com/v2/":""},"n":1.10}`,
  '{"auths":null,"HttpHeaders":{"A":"b"}}',
  ' ',
];
const REGISTRIES = [
  'r.example.com',
  'nexus.shared.cwiq.io:8443',
  'https://index.docker.io/v1/',
  'docker.io',
  '[::1]:5000',
  'localhost:5000/v2/',
  'user:pw@r.example.com',
];

export const targets = [
  target('JSON', around(JSON_TEXTS, JSON_WORDS), readsJson, { weight: 4 }),
  target(
    'a JSON Pointer',
    around(['/a/b~1c/~0/0', '', '/', '/__proto__/-'], ['~0', '~1', '~01', '/']),
    (text) => {
      const tokens = pointerTokens(text);
      if (tokens === undefined) assert.ok(!text.startsWith('/') || /~(?![01])/.test(text));
      else assert.equal(formatPointer(tokens), text);
    },
  ),
  target(
    "Docker's config.json",
    fc.tuple(
      around(CONFIGS, [...JSON_WORDS, '"auths":', '"credsStore":']),
      around(CONFIGS, JSON_WORDS),
      fc.constantFrom(...REGISTRIES.slice(0, 4)),
    ),
    ([text, variable, registry]) => {
      const config = taken(() => readDockerConfig(text, '/c.json'), { hides: [MARK] });
      if (config === undefined) return;
      const key = registryKey(registry);
      const written = parseJson(addLogins(config, [{ key, auth: new Secret('eDp5') }]));
      assert.deepEqual(member(member(written, 'auths'), key), new Map([['auth', 'eDp5']]));
      for (const [name, value] of config)
        if (name !== 'auths') assert.deepEqual(member(written, name), value);
      for (const line of unusedLogins(config, [key], '/c.json', variable)) {
        assertLine(line);
        assert.ok(!line.includes(MARK));
      }
    },
  ),
  target(
    "a registry's name",
    around(REGISTRIES, [':', '/v1', '/v2/', '.', '[', ']', '::', 'localhost']),
    (text) => {
      const key = taken(() => registryKey(text), { hides: ['pw@'] });
      if (key !== undefined) assert.equal(registryKey(key), key);
    },
  ),
  target(
    "a registry's credentials",
    fc.tuple(fc.oneof(anyUnits, around(['user', 'u:v'])), around([MARK, `${MARK}\n`])),
    ([user, password]) => {
      const auth = taken(
        () => basicAuth(new Secret(user), new Secret(password), { user: 'a#u', password: 'a#p' }),
        { hides: [MARK] },
      );
      if (auth === undefined) return;
      const [name, word] = Buffer.from(auth.reveal(), 'base64').toString().split(/:(.*)/s);
      assert.deepEqual([name, word], [user.toWellFormed(), password.toWellFormed()]);
    },
  ),
];
