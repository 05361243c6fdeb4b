// Proves that a registry gets the key that Docker looks for it under, however it is written, and that no text which is no
// registry gets one.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { registryKey } from '../../src/output/docker-config.ts';
import { assertFailure, assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

const HUB = 'https://index.docker.io/v1/';

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

function keyOrFailure(text: string): string | unknown {
  try {
    return registryKey(text);
  } catch (error) {
    return error;
  }
}
