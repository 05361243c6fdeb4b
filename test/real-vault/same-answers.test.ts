// Plays every scenario on the stand-in and on a real Vault: what civault does and what the server answers must be the
// same, word for word, and be what docs/vault-answers.md says.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makePlace, type Place } from '../harness/place.ts';
import { pageDifferences, readPage, renderPage, serverOf, writePage } from '../scenarios/answers-table.ts';
import { type GitLab, startGitLab } from '../scenarios/gitlab.ts';
import { scenarios } from '../scenarios/list.ts';
import { type OpenBench, openBench } from '../scenarios/open-bench.ts';
import { readRefusals, refusalsIn, writeRefusals } from '../scenarios/refusals.ts';
import { type Server, startStandIn } from '../scenarios/server.ts';
import { differences, type Entry } from '../scenarios/transcript.ts';
import { makeContents } from '../vault/guide.ts';
import { version } from '../vault/health.ts';
import { startRealVault } from './start.ts';

const FILE = process.env['VAULT_BIN'] ?? '';
if (FILE === '') throw new Error('VAULT_BIN: make test-vault finds a server, or builds one');

// Whether it is a server at all is better said once than by every scenario.
const tried = await startRealVault(FILE);
await tried.close();

const answered = {
  given: new Map<string, readonly Entry[]>(),
  fetched: new Map<string, readonly Entry[]>(),
};
let real: Server;
let failed = 0;

for (const keys of ['given', 'fetched'] as const) {
  describe(`on a ${tried.described} that ${keys === 'given' ? 'is given' : 'fetches'} the keys`, () => {
    let place: Place;
    let gitlab: GitLab;
    const benches: OpenBench[] = [];
    // What was opened last is closed first, and one that cannot be closed keeps no other open.
    const opened: (() => unknown)[] = [];

    before(async () => {
      place = makePlace();
      opened.push(() => place.remove());
      gitlab = await startGitLab();
      opened.push(gitlab.close);
      const surroundings = { place, gitlab, contents: makeContents() };
      const open = async (server: Server): Promise<OpenBench> => {
        opened.push(server.close);
        const bench = await openBench(server, keys, surroundings);
        opened.push(bench.close);
        return bench;
      };
      real = await startRealVault(FILE);
      const onReal = await open(real);
      const standIn = await startStandIn(onReal.bench.guide.leased.length > 0);
      benches.push(await open(standIn), onReal);
    });
    after(async () => {
      const closed = await Promise.allSettled(opened.reverse().map(async (close) => close()));
      for (const each of closed) if (each.status === 'rejected') throw each.reason;
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
        if (found.length > 0) failed += 1;
        assert.equal(found.length, 0, `\n${found.join('\n\n')}\n`);
      });
    }
  });
}

test('docs/vault-answers.md and the fixtures of the unit tests say what it answered', (context) => {
  const missing = scenarios.filter(({ name }) => !answered.fetched.has(name));
  if (missing.length > 0) {
    context.skip(`${missing.length} scenarios were not played on this ${real.described}`);
    return;
  }
  const answers = scenarios.map(({ name }) => ({
    scenario: name,
    given: answered.given.get(name) ?? [],
    fetched: answered.fetched.get(name) ?? [],
  }));
  const page = renderPage(real.described, answers);
  const refusals = refusalsIn(answers);
  if (process.env['WRITE_ANSWERS'] === 'yes') {
    assert.equal(real.described, `Vault ${version}`, 'the page is of the Vault that the stand-in stands for');
    assert.equal(failed, 0, 'no page is made of scenarios that failed');
    writePage(page);
    writeRefusals(refusals);
  }
  const committed = readPage();
  if (serverOf(committed) !== real.described) {
    context.skip(`the page is of ${serverOf(committed)}, and this is ${real.described}`);
    return;
  }
  const found = pageDifferences(page, committed);
  assert.equal(found.length, 0, `\n${found.join('\n')}\nmake vault-answers writes it anew`);
  assert.deepEqual(
    readRefusals(),
    refusals,
    'make vault-answers writes test/fixtures/vault-refusals.json anew',
  );
});
