// Plays every scenario on the stand-in, and holds what it answers to what a real Vault answered (docs/vault-answers.md).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makePlace, type Place } from '../harness/place.ts';
import { makeContents } from '../vault/guide.ts';
import { type Answers, pageDifferences, readPage, renderPage, serverOf } from './answers-table.ts';
import { type GitLab, startGitLab } from './gitlab.ts';
import { scenarios } from './list.ts';
import { type OpenBench, openBench } from './open-bench.ts';
import { type Server, startStandIn } from './server.ts';

describe('the scenarios on the stand-in', () => {
  let place: Place;
  let gitlab: GitLab;
  const servers: Server[] = [];
  const opened: OpenBench[] = [];

  before(async () => {
    place = makePlace();
    gitlab = await startGitLab();
    const surroundings = { place, gitlab, contents: makeContents() };
    for (const keys of ['given', 'fetched'] as const) {
      const server = await startStandIn();
      servers.push(server);
      opened.push(await openBench(server, keys, surroundings));
    }
  });
  after(async () => {
    for (const { close } of [...opened, ...servers]) await close();
    await gitlab?.close();
    place?.remove();
  });

  const answers: Answers[] = [];
  for (const scenario of scenarios) {
    test(scenario.name, async () => {
      const played = await Promise.all(opened.map(({ bench }) => bench.play(scenario)));
      const [given = [], fetched = []] = played.map(({ entries }) => entries);
      answers.push({ scenario: scenario.name, given, fetched });
      const failures = played.flatMap(({ failure }, index) =>
        failure === undefined ? [] : [`with keys ${index === 0 ? 'given' : 'fetched'}: ${failure.message}`],
      );
      assert.equal(failures.length, 0, failures.join('\n'));
    });
  }

  test('the stand-in answers what docs/vault-answers.md says of a real Vault', () => {
    const committed = readPage();
    assert.match(serverOf(committed), /^Vault \d/);
    const found = pageDifferences(renderPage(serverOf(committed), answers), committed);
    assert.equal(found.length, 0, `\n${found.join('\n')}\n`);
  });
});
