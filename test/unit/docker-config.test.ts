// Proves that Docker's config.json keeps all that it held, whatever it is, and gets the credentials where Docker looks for
// them; that no text which is no registry gets in; and that no secret is in a message.

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
import {
  addLogins,
  basicAuth,
  readDockerConfig,
  registryKey,
  unusedLogins,
} from '../../src/output/docker-config.ts';
import { Secret } from '../../src/secret.ts';
import { assertFailure, assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

const HUB = 'https://index.docker.io/v1/';
const PATH = '/home/ci/.docker/config.json';

for (const [text, key] of [
  ['nexus.shared.cwiq.io', 'nexus.shared.cwiq.io'],
  ['nexus.shared.cwiq.io:8443', 'nexus.shared.cwiq.io:8443'],
  ['https://nexus.shared.cwiq.io:8443/', 'nexus.shared.cwiq.io:8443'],
  ['http://nexus.shared.cwiq.io//', 'nexus.shared.cwiq.io'],
  ['HTTPS://nexus.shared.cwiq.io/v2/', 'nexus.shared.cwiq.io'],
  ['nexus.shared.cwiq.io/v1', 'nexus.shared.cwiq.io'],
  ['https://nexus.shared.cwiq.io//v2//', 'nexus.shared.cwiq.io'],
  ['docker://nexus.shared.cwiq.io', 'nexus.shared.cwiq.io'],
  ['oci://nexus.shared.cwiq.io', 'nexus.shared.cwiq.io'],
  // Docker compares letter by letter, so that it must be as it is in the image's name.
  ['Nexus.Shared.cwiq.io', 'Nexus.Shared.cwiq.io'],
  ['localhost', 'localhost'],
  ['localhost:5000', 'localhost:5000'],
  ['registry', 'registry'],
  ['127.0.0.1:65535', '127.0.0.1:65535'],
  ['[::1]:5000', '[::1]:5000'],
  ['https://[2001:db8::1]/v2/', '[2001:db8::1]'],
  ['[::ffff:127.0.0.1]', '[::ffff:127.0.0.1]'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['v2', 'v2'],
  ['docker.io', HUB],
  ['index.docker.io', HUB],
  ['registry-1.docker.io', HUB],
  ['registry.hub.docker.com', HUB],
  ['Docker.io', HUB],
  ['https://docker.io/', HUB],
  ['https://index.docker.io/v1/', HUB],
  ['https://index.docker.io/v1', HUB],
  ['index.docker.io/v1/', HUB],
  ['https://registry-1.docker.io/v2/', HUB],
  ['https://registry.hub.docker.com/v2', HUB],
  ['docker.io:443', 'docker.io:443'],
  ['my.docker.io', 'my.docker.io'],
] as const) {
  test(`the registry ${text} has the key ${key}`, () => assert.equal(registryKey(text), key));
}

for (const [text, message, hint] of [
  ['', 'a REGISTRY is empty', 'is not set'],
  ['nexus.shared.cwiq.io/team/app', 'it has a path', 'write its host alone: nexus.shared.cwiq.io'],
  ['https://nexus.example:8443/app:1', 'it has a path', 'write its host alone: nexus.example:8443'],
  ['nexus.example/v2/app', 'it has a path', 'write its host alone: nexus.example'],
  ['nexus.example/v3', 'it has a path', 'write its host alone: nexus.example'],
  ['docker.io/library/alpine', 'it has a path', 'write its host alone: docker.io'],
  ['localhost/app', 'it has a path', 'write its host alone: localhost'],
  ['[::1]:5000/app', 'it has a path', 'write its host alone: [::1]:5000'],
  // The two arguments in the other order.
  ['secret/data/nexus/svc-orchestrator', 'it has a path', 'first the REGISTRY, then its REF'],
  ['$CI_REGISTRY', 'never filled in', 'not defined in this job'],
  [`https://$${'{CI_REGISTRY}'}/`, 'never filled in', 'not defined in this job'],
  ['nexus.$domain', 'never filled in', 'not defined in this job'],
  ['https://ci:gehe1m@nexus.example', 'a REGISTRY has an @ in it', 'write its host alone'],
  ...[
    ...['/', 'https://', 'https:///v2', '/app', ' ', 'nexus.example ', ' nexus.example', 'nexus example'],
    ...[
      'nexus.example\n',
      'nexus\0.example',
      '\u001b[31mnexus',
      'nexus\u202e',
      'büro.example',
      'a_b.example',
    ],
    ...['-a.example', 'a-.example', 'a..b', '.a', 'a.', 'a:', ':5000', 'a:0', 'a:65536', 'a:123456', 'a:b'],
    ...['a:1:2', '::1', '[::1', '[]', '[nexus]', '[fe80::1%eth0]', '[::1]x', 'a?b', 'a#b', 'a\\b', '*', 'a$'],
    ...['a.'.repeat(127), 'a,b', '"a"', 'a;b', 'https:nexus', 'http://https://nexus', '~', '..', '\ud800'],
  ].map((text) => [text, "is not a registry's host", 'write host or host:port'] as const),
] as const) {
  test(`no registry: ${JSON.stringify(text)}`, () => {
    const failure = assertRefused(() => registryKey(text), 'USAGE', message);
    assertHolds(failure.hint, hint);
    assertHides(failure, 'gehe1m');
    assertPlain(failure);
  });
}

test('whatever a registry is written as, its key is its own key, and looks like one', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'B',
      '-',
      '.',
      ':',
      '/',
      '1',
      '5000',
      '[::1]',
      'https://',
      'docker.io',
      'v1',
      'v2',
      '@',
      '$',
      ' ',
    ],
  );
  const written = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(written, (text) => {
      const key = keyOrFailure(text);
      if (typeof key !== 'string') return assertPlain(assertFailure(key, 'USAGE', ''));
      assert.equal(registryKey(key), key);
      assert.match(
        key,
        /^(https:\/\/index\.docker\.io\/v1\/|(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(:[0-9]+)?)$/,
      );
    }),
    { numRuns: 1000 },
  );
});

const WHERE = { user: 'secret/data/nexus/ci#username', password: 'secret/data/nexus/ci#password' };
const auth = (user: string, password: string) => basicAuth(new Secret(user), new Secret(password), WHERE);

test('auth is what RFC 7617 gives as its examples', () => {
  assert.equal(auth('Aladdin', 'open sesame').reveal(), 'QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  assert.equal(auth('test', '123\u00a3').reveal(), 'dGVzdDoxMjPCow==');
});

test('auth gives user and password back, whatever is in them', () => {
  const user = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[:\0\r\n]/.test(text));
  const password = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !/\0|^[\r\n]|[\r\n]$/.test(text));
  fc.assert(
    fc.property(user, password, (name, word) => {
      const [, back, rest] =
        /^([^:]*):(.*)$/s.exec(Buffer.from(auth(name, word).reveal(), 'base64').toString()) ?? [];
      assert.deepEqual([back, rest], [name, word]);
    }),
  );
});

test('line breaks within a password are its own: a key file may be one', () => {
  const key = '{\n  "type": "service_account",\n  "private_key": "x"\n}';
  assert.equal(Buffer.from(auth('_json_key', key).reveal(), 'base64').toString(), `_json_key:${key}`);
});

for (const [user, password, what, where] of [
  ['', 'gehe1m', 'the user name in', 'is empty'],
  ['gehe1m', '', 'the password in', 'is empty'],
  ['gehe1m:x', 'gehe1m', 'the user name in', 'holds a colon'],
  ['gehe1m\0', 'gehe1m', 'the user name in', 'holds a NUL byte'],
  ['gehe1m', 'gehe1m\0', 'the password in', 'holds a NUL byte'],
  ['gehe1m', 'gehe\0m', 'the password in', 'holds a NUL byte'],
  ['gehe1m\n', 'gehe1m', 'the user name in', 'holds a line break'],
  ['gehe1m\rx', 'gehe1m', 'the user name in', 'holds a line break'],
  ['gehe1m', 'gehe1m\n', 'the password in', 'begins or ends with a line break'],
  ['gehe1m', 'gehe1m\r\n', 'the password in', 'begins or ends with a line break'],
  ['gehe1m', '\ngehe1m', 'the password in', 'begins or ends with a line break'],
  ['gehe1m', '\n', 'the password in', 'begins or ends with a line break'],
] as const) {
  test(`no credentials: ${JSON.stringify([user, password])}`, () => {
    const failure = assertRefused(() => auth(user, password), 'CONFIG', what);
    assertHolds(failure.message, where);
    assertHolds(failure.message, what.includes('password') ? WHERE.password : WHERE.user);
    assertHides(failure, 'gehe1m');
    assert.notEqual(failure.hint, undefined);
  });
}

test('what a field is named by is shown without control characters', () => {
  const odd = { user: 'secret/a#\u001b[31m', password: 'secret/a#\n' };
  assertPlain(assertRefused(() => basicAuth(new Secret(''), new Secret('x'), odd), 'CONFIG', 'is empty'));
});

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

function keyOrFailure(text: string): string | unknown {
  try {
    return registryKey(text);
  } catch (error) {
    return error;
  }
}
