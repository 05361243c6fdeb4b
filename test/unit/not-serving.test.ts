// Proves that a Vault which is not there to answer is told as that, at the login and at a read alike: worth a retry.

import test from 'node:test';
import { loginRefused, readRefused } from '../../src/vault/diagnosis.ts';
import { assertFailure, assertHolds, assertPlain } from './failures.ts';
import { answer, idToken, NOW, OWN_TOKEN } from './fakes.ts';

const ELECTION = 'local node not active but active cluster node not found';
const NO_HEADER = 'missing "X-Vault-Request" header';

for (const [status, text, message, hint] of [
  [412, 'required index state not present', 'lags behind the others (412)', 'try again'],
  [412, NO_HEADER, 'a Vault Agent misses the X-Vault-Request header (412)', 'takes headers out'],
  [412, 'something new', 'asks for more (412): something new', 'try again'],
  [
    429,
    'request path "a": rate limit quota exceeded',
    '(429): request path "a": rate limit quota exceeded',
    'quota',
  ],
  [429, 'lease count quota exceeded', '(429): lease count quota exceeded', 'quota'],
  [
    500,
    ELECTION,
    `a Vault in standby answered (500), and there is no active node for now: ${ELECTION}`,
    'try again',
  ],
  [500, 'failed to get the response: EOF', 'a Vault Agent answered (500)', "the Agent's log"],
  [
    503,
    'API access to this namespace has been locked by an administrator',
    'has locked this namespace',
    'namespace unlock',
  ],
  [501, 'Vault is not initialized', 'Vault is not initialised: it has no secrets yet', 'must initialise it'],
  [502, undefined, 'what stands before Vault answered (502)', 'load balancer'],
  [507, undefined, 'Vault cannot answer now (507)', 'try again'],
  [
    503,
    'no active Vault instance found',
    'no active node for now: no active Vault instance found',
    'try again',
  ],
  [503, 'Vault is sealed', 'Vault is sealed: it answers nobody', 'must unseal it'],
  [500, '1 error occurred:\n\t* boom\n\n', '(500): 1 error occurred: * boom', ''],
] as const) {
  test(`${status} "${text ?? ''}" is UNAVAILABLE: ${message}`, () => {
    const answered = answer(status, text === undefined ? undefined : { errors: [text] });
    const settings = { authPath: ['jwt'], role: 'nexus-ci', namespace: undefined };
    const plan = { path: ['secret', 'data', 'a'], kind: 'kv2', version: undefined } as const;
    for (const error of [
      loginRefused(answered, settings, idToken(), NOW),
      readRefused(answered, plan, OWN_TOKEN),
    ]) {
      assertFailure(error, 'UNAVAILABLE', message);
      assertHolds(error.hint, hint);
      assertPlain(error);
    }
  });
}
