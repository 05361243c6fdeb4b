// Scenarios of every login that Vault refuses: what it answers, and what civault makes of it.

import type { Scenario } from './bench.ts';
import type { Refusal } from './refusal.ts';
import { refusedClaims } from './refused-claims.ts';
import { refusedTokens } from './refused-tokens.ts';
import { answerTo, defineRole, failed, invalidToken, LOGIN, REF, refused, refusedExactly } from './steps.ts';

function scenarioOf({ name, mint, role, says, answers = 400, status, explains, unasked }: Refusal): Scenario {
  return {
    name: `refused: ${name}`,
    play: async (bench) => {
      const roleName = role === undefined ? bench.guide.role : 'refusing';
      if (role !== undefined) {
        await defineRole(bench, roleName, role);
        bench.afterwards(() => bench.setUp('DELETE', `auth/jwt/role/${roleName}`));
      }
      const jwt = mint === undefined ? await bench.mint() : await mint(bench);
      const run = await bench.run(`civault get ${REF} --role ${roleName}`, {
        VAULT_ID_TOKEN: jwt,
      });
      failed(run, status, explains);
      // What civault does not ask, another client would have been told.
      const answer = unasked
        ? await bench.ask('', 'POST', LOGIN, { role: roleName, jwt })
        : answerTo(run, LOGIN);
      refused(answer, answers, typeof says === 'string' ? says : says[bench.keys]);
    },
  };
}

export const loginRefusals: readonly Scenario[] = [
  ...[...refusedClaims, ...refusedTokens].map(scenarioOf),
  {
    name: 'refused: a role that is not there, and none at all',
    play: async (bench) => {
      const unknown = await bench.run(`civault get ${REF} --role Nope`);
      failed(unknown, 4, /auth\/jwt has no role "nope" \(sent as "Nope": Vault looks for it in lower case\)/);
      refusedExactly(answerTo(unknown, LOGIN), 400, 'role "nope" could not be found');
      const none = await bench.run(`civault get ${REF} --role ''`);
      failed(none, 4, /no role was named, and auth\/jwt has no default_role/);
      refusedExactly(answerTo(none, LOGIN), 400, 'missing role');
    },
  },
  {
    name: 'refused: an address that the role does not allow (CIDR)',
    play: async (bench) => {
      await defineRole(bench, 'elsewhere', { token_bound_cidrs: ['10.0.0.0/8'] });
      const run = await bench.run(`civault get ${REF} --role elsewhere`);
      failed(
        run,
        4,
        /no auth method at auth\/jwt, or Vault refuses this job's address \(403\)\n.*token_bound_cidrs/,
      );
      refusedExactly(answerTo(run, LOGIN), 403, 'permission denied');
    },
  },
  {
    name: 'refused: an auth mount that is not there',
    play: async (bench) => {
      const run = await bench.run(`civault get ${REF} --auth-path gitlab/prod`);
      failed(run, 4, /no auth method at auth\/gitlab\/prod/);
      refusedExactly(answerTo(run, 'auth/gitlab/prod/login'), 403, 'permission denied');
      const body = { role: bench.guide.role, jwt: await bench.mint() };
      const answer = await bench.ask('hvs.wrong', 'POST', 'auth/gitlab/prod/login', body);
      refusedExactly(answer, 403, invalidToken);
    },
  },
  {
    name: 'refused: an auth mount that was never configured',
    play: async (bench) => {
      await bench.setUp('POST', 'sys/auth/bare', { type: 'jwt' });
      bench.afterwards(() => bench.setUp('DELETE', 'sys/auth/bare'));
      const run = await bench.run(`civault get ${REF} --auth-path bare`);
      failed(run, 4, /auth\/bare is there, but was never configured/);
      refusedExactly(answerTo(run, 'auth/bare/login'), 400, 'could not load configuration');
    },
  },
  {
    name: 'refused: an algorithm that the mount does not allow',
    play: async (bench) => {
      await bench.setUp('POST', 'sys/auth/strict', { type: 'jwt' });
      bench.afterwards(() => bench.setUp('DELETE', 'sys/auth/strict'));
      await bench.setUp('POST', 'auth/strict/config', {
        jwt_validation_pubkeys: [bench.issuer.publicKeyPem],
        jwt_supported_algs: ['ES256'],
      });
      const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: [bench.guide.audience] };
      await bench.setUp('POST', 'auth/strict/role/nexus-ci', role);
      const run = await bench.run(`civault get ${REF} --auth-path strict`);
      failed(run, 4, /auth\/strict does not accept the algorithm/);
      refused(answerTo(run, 'auth/strict/login'), 400, 'unexpected algorithm');
    },
  },
];
