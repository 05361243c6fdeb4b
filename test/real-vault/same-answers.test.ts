// Plays every scenario on the stand-in and on a real Vault: what civault does and what the server answers must be the
// same, word for word, and be what docs/vault-answers.md says.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makePlace, type Place } from '../harness/place.ts';
import { pageDifferences, readPage, renderPage, serverOf, writePage } from '../scenarios/answers-table.ts';
import { type GitLab, startGitLab } from '../scenarios/gitlab.ts';
import { scenarios } from '../scenarios/list.ts';
import { type OpenBench, openBench } from '../scenarios/open-bench.ts';
import { type Server, startStandIn } from '../scenarios/server.ts';
import { differences, type Entry } from '../scenarios/transcript.ts';
import { makeContents } from '../vault/guide.ts';
import { startRealVault } from './start.ts';

const FILE = process.env['VAULT_BIN'] ?? '';
if (FILE === '') throw new Error('VAULT_BIN: make test-vault finds a server, or builds one');

const answered = {
  given: new Map<string, readonly Entry[]>(),
  fetched: new Map<string, readonly Entry[]>(),
};
let real: Server;

for (const keys of ['given', 'fetched'] as const) {
  describe(`on a Vault that ${keys === 'given' ? 'is given' : 'fetches'} the keys`, () => {
    let place: Place;
    let gitlab: GitLab;
    const servers: Server[] = [];
    const benches: OpenBench[] = [];

    before(async () => {
      place = makePlace();
      gitlab = await startGitLab();
      real = await startRealVault(FILE);
      servers.push(await startStandIn(), real);
      const surroundings = { place, gitlab, contents: makeContents() };
      for (const server of servers) benches.push(await openBench(server, keys, surroundings));
    });
    after(async () => {
      for (const { close } of [...benches, ...servers]) await close();
      await gitlab?.close();
      place?.remove();
    });

    for (const scenario of scenarios) {
      test(scenario.name, async (context) => {
        if (scenario.leases && benches.some(({ bench }) => bench.guide.leased.length === 0)) {
          context.skip(`${real.described} has no engine that gives leases (leased-kv)`);
          return;
        }
        const [standIn, vault] = await Promise.all(benches.map(({ bench }) => bench.play(scenario)));
        assert.ok(standIn && vault);
        answered[keys].set(scenario.name, vault.entries);
        const failures = [standIn, vault].flatMap(({ described, failure }) =>
          failure === undefined ? [] : [`on ${described}: ${failure.message}`],
        );
        const found = [...failures, ...differences(standIn, vault)];
        assert.equal(found.length, 0, `\n${found.join('\n\n')}\n`);
      });
    }
  });
}

test('docs/vault-answers.md says what it answered', (context) => {
  const missing = scenarios.filter(({ name }) => !answered.fetched.has(name));
  if (missing.length > 0) {
    context.skip(`${missing.length} scenarios were not played on this ${real.described}`);
    return;
  }
  const page = renderPage(
    real.described,
    scenarios.map(({ name }) => ({
      scenario: name,
      given: answered.given.get(name) ?? [],
      fetched: answered.fetched.get(name) ?? [],
    })),
  );
  if (process.env['WRITE_ANSWERS'] === 'yes') writePage(page);
  const committed = readPage();
  if (serverOf(committed) !== real.described) {
    context.skip(`the page is of ${serverOf(committed)}, and this is ${real.described}`);
    return;
  }
  const found = pageDifferences(page, committed);
  assert.equal(found.length, 0, `\n${found.join('\n')}\nmake vault-answers writes it anew`);
});
