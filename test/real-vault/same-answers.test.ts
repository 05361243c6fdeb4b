// Plays every scenario on the stand-in and on a real Vault: what civault does and what the server answers must be the
// same, word for word.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makePlace, type Place } from '../harness/place.ts';
import { type GitLab, startGitLab } from '../scenarios/gitlab.ts';
import { scenarios } from '../scenarios/list.ts';
import { type OpenBench, openBench } from '../scenarios/open-bench.ts';
import { type Server, startStandIn } from '../scenarios/server.ts';
import { differences } from '../scenarios/transcript.ts';
import { makeContents } from '../vault/guide.ts';
import { startRealVault } from './start.ts';

for (const keys of ['given', 'fetched'] as const) {
  describe(`keys ${keys}`, () => {
    let place: Place;
    let gitlab: GitLab;
    const servers: Server[] = [];
    const benches: OpenBench[] = [];

    before(async () => {
      place = makePlace();
      gitlab = await startGitLab();
      const surroundings = { place, gitlab, contents: makeContents() };
      servers.push(await startStandIn(), await startRealVault(process.env['VAULT_BIN'] ?? ''));
      for (const server of servers) benches.push(await openBench(server, keys, surroundings));
    });
    after(async () => {
      for (const { close } of [...benches, ...servers]) await close();
      await gitlab?.close();
      place?.remove();
    });

    for (const scenario of scenarios) {
      test(scenario.name, async () => {
        const [standIn, real] = await Promise.all(benches.map(({ bench }) => bench.play(scenario)));
        assert.ok(standIn && real);
        const failures = [standIn, real].flatMap(({ described, failure }) =>
          failure === undefined ? [] : [`on ${described}: ${failure.message}`],
        );
        const found = [...failures, ...differences(standIn, real)];
        assert.equal(found.length, 0, `\n${found.join('\n\n')}\n`);
      });
    }
  });
}
