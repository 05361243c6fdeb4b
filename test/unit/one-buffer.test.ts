// Proves that what is read into one buffer is never changed once it was handed on: the parser of HTTP copies it out, in
// this Node.js as in any other that the tests run on.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { parseAddress } from '../../src/http/address.ts';
import { createPool } from '../../src/http/connection.ts';
import { startDeadline } from '../../src/http/deadline.ts';
import { exchange } from '../../src/http/request.ts';
import { pseudoRandom } from '../harness/release.ts';
import { createAuthority } from '../vault/authority.ts';
import { type Listening, startListening } from '../vault/listener.ts';

const BODY = pseudoRandom(3_000_000, 1);
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const authority = await createAuthority('Tests of civault');
let listening: Listening;

before(async () => {
  // Pieces of every size, so that heads and bodies share records and records share reads.
  listening = await startListening(
    {},
    authority,
    (_, response) => {
      let at = 0;
      for (let step = 1; at < BODY.length; step = (step * 7) % 40_009) {
        response.write(BODY.subarray(at, at + step));
        at += step;
      }
      response.end();
    },
    () => undefined,
  );
});
after(() => {
  listening.server.closeAllConnections();
  listening.server.close();
});

test('pieces that are kept are what they were, over a connection that is used again', async () => {
  const endpoint = parseAddress(listening.address, 'VAULT_ADDR');
  const pool = createPool(endpoint, undefined, {
    ca: [authority.certificatePem],
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  for (let round = 0; round < 4; round += 1) {
    const kept: Buffer[] = [];
    const receive = () => ({ write: (piece: Buffer) => void kept.push(piece) });
    const request = { method: 'GET', path: '/', headers: {} } as const;
    const deadline = startDeadline(20_000, () => performance.now());
    // Once by a sink that keeps what it must not keep, once collected.
    await exchange(endpoint, pool, { ...request, receive }, deadline);
    assert.equal(digest(Buffer.concat(kept)), digest(BODY));
    const { body } = await exchange(endpoint, pool, request, deadline);
    assert.equal(digest(body), digest(BODY));
  }
  pool.agent.destroy();
});
