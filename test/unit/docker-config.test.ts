// Proves that Docker's config.json keeps all that it held, whatever it is, and gets the credentials where Docker looks for
// them; and that no secret is in a message.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  compactJson,
  indentedJson,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '../../src/json.ts';
import { addLogins, readDockerConfig } from '../../src/output/docker-config.ts';
import { Secret } from '../../src/secret.ts';
import { assertHides, assertHolds, assertRefused } from './failures.ts';

const HUB = 'https://index.docker.io/v1/';
const PATH = '/home/ci/.docker/config.json';

for (const text of ['', ' ', '\n', ' \r\n\t', '{}', '{"auths":null}', '\ufeff']) {
  test(`${JSON.stringify(text)} is a config without credentials`, () => {
    const written = addLogins(readDockerConfig(text, PATH), [{ key: 'a', auth: new Secret('b') }]);
    assert.equal(written, '{\n\t"auths": {\n\t\t"a": {\n\t\t\t"auth": "b"\n\t\t}\n\t}\n}\n');
  });
}

for (const [text, why] of [
  ['{"auths":{"a":{"auth":"gehe1m"}}', 'is not JSON at character 32'],
  ['gehe1m', 'is not JSON at character 0'],
  ['{"auths":{},}', 'is not JSON'],
  ['{"auths":{}} // gehe1m', 'is not JSON'],
  ['[]', 'is JSON, but no object'],
  ['"gehe1m"', 'is JSON, but no object'],
  ['null', 'is JSON, but no object'],
  ['1', 'is JSON, but no object'],
  ['{"auths":[]}', 'has "auths" that is no object'],
  ['{"auths":"gehe1m"}', 'has "auths" that is no object'],
  ['{"auths":false}', 'has "auths" that is no object'],
  ['{"auths":0}', 'has "auths" that is no object'],
] as const) {
  test(`no config: ${text}`, () => {
    const failure = assertRefused(() => readDockerConfig(text, PATH), 'CONFIG', `${PATH} ${why}`);
    assertHides(failure, 'gehe1m');
    assertHolds(failure.hint, 'left as it is');
  });
}

test('all else stays, in its order, and with the digits it was written with', () => {
  const old = `{"credHelpers":{"x":"y"},"auths":{"z.example":{"auth":"eno=","email":"1"},"a.example":{"identitytoken":"old","auth":"old"}},
    "n":12345678901234567890,"f":1.10,"HttpHeaders":{},"list":[],"proxies":{"default":{"httpProxy":"http://p"}},"__proto__":{"b":[1,{"c":null}]}}`;
  const written = addLogins(readDockerConfig(old, PATH), [
    { key: 'a.example', auth: new Secret('bmV3') },
    { key: HUB, auth: new Secret('aHVi') },
  ]);
  assert.equal(
    written.replaceAll('\t', '  '),
    `{
  "credHelpers": {
    "x": "y"
  },
  "auths": {
    "z.example": {
      "auth": "eno=",
      "email": "1"
    },
    "a.example": {
      "auth": "bmV3"
    },
    "https://index.docker.io/v1/": {
      "auth": "aHVi"
    }
  },
  "n": 12345678901234567890,
  "f": 1.10,
  "HttpHeaders": {},
  "list": [],
  "proxies": {
    "default": {
      "httpProxy": "http://p"
    }
  },
  "__proto__": {
    "b": [
      1,
      {
        "c": null
      }
    ]
  }
}
`,
  );
});

// Any value that JSON can hold, with the keys that matter among its keys.
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'auths',
    'credHelpers',
    'credsStore',
    '__proto__',
    'a.example',
    'localhost:5000',
    HUB,
    'auth',
  ),
);
const anyValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, true, false),
      fc.string({ unit: 'binary' }),
      fc
        .stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?(e[+-]?[0-9]{1,4})?$/)
        .map((text) => new JsonNumber(text)),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((members) => new Map(members)),
  ),
})).value;
const members = (size: number) => fc.array(fc.tuple(name, anyValue), { maxLength: size });
const anyConfig = fc
  .tuple(members(5), fc.option(members(4)), members(5))
  .map(
    ([first, auths, last]) =>
      new Map<string, JsonValue>([
        ...first.filter(([key]) => key !== 'auths'),
        ...(auths === null ? [] : [['auths', new Map(auths)] as const]),
        ...last.filter(([key]) => key !== 'auths'),
      ]),
  );
const anyLogins = fc
  .uniqueArray(fc.constantFrom('a.example', 'localhost:5000', HUB, '[::1]:5000', 'new.example'), {
    minLength: 1,
  })
  .chain((keys) =>
    fc.tuple(...keys.map((key) => fc.base64String().map((text) => ({ key, auth: new Secret(text) })))),
  );

test('whatever a config holds stays as it was and where it was, but for the registries', () => {
  fc.assert(
    fc.property(anyConfig, anyLogins, fc.constantFrom(compactJson, indentedJson), (old, logins, write) => {
      const written = parseJson(addLogins(readDockerConfig(write(old), PATH), logins));
      assert.ok(written instanceof Map);
      assert.deepEqual([...written.keys()], [...new Set([...old.keys(), 'auths'])]);
      for (const [key, value] of old) if (key !== 'auths') assert.deepEqual(written.get(key), value);
      const [before, after] = [old.get('auths') ?? new Map(), written.get('auths')];
      assert.ok(before instanceof Map && after instanceof Map);
      assert.deepEqual([...after.keys()], [...new Set([...before.keys(), ...logins.map(({ key }) => key)])]);
      for (const [key, value] of after as ReadonlyMap<string, JsonValue>) {
        const login = logins.find((each) => each.key === key);
        assert.deepEqual(
          value,
          login === undefined ? before.get(key) : new Map([['auth', login.auth.reveal()]]),
        );
      }
    }),
  );
});

test('twice is the same as once, and one by one the same as all at once', () => {
  fc.assert(
    fc.property(anyConfig, anyLogins, (old, logins) => {
      const once = addLogins(old, logins);
      assert.equal(addLogins(readDockerConfig(once, PATH), logins), once);
      const each = logins.reduce<JsonObject>(
        (config, login) => readDockerConfig(addLogins(config, [login]), PATH),
        old,
      );
      assert.deepEqual(each, readDockerConfig(once, PATH));
    }),
  );
});

test('what is written is what JSON.parse reads, indented as it would be', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const plain: unknown = JSON.parse(compactJson(value));
      assert.deepEqual(JSON.parse(indentedJson(value)), plain);
      assert.deepEqual(parseJson(indentedJson(value)), value);
      // JSON.stringify moves keys that are numbers to the front, and writes numbers anew.
      const odd = (at: JsonValue): boolean =>
        at instanceof JsonNumber ||
        (at instanceof Map && [...at].some(([key, item]) => /^[0-9]+$/.test(key) || odd(item))) ||
        (Array.isArray(at) && at.some(odd));
      if (!odd(value)) assert.equal(indentedJson(value), JSON.stringify(plain, null, '\t'));
    }),
  );
});
