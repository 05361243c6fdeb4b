// Proves that what a server sends back of a token is not repeated in a job's log: whole or cut, at every request, with every
// status, in every place of an answer.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import { judged, LOGIN, READ } from '../harness/judged-run.ts';
import { markSecrets } from '../harness/leaks.ts';

let job: Job;
before(async () => {
  job = await startJob();
  const idToken = job.env['VAULT_ID_TOKEN'] ?? '';
  markSecrets([idToken, ...idToken.split('.')]);
});
after(() => job.end());

const REQUESTS = [
  ['the login', LOGIN],
  ['the lookup of a mount', '/v1/sys/internal/ui/mounts/secret/sonarqube/svc-orchestrator'],
  ['the read', READ],
  ['the revocation', '/v1/auth/token/revoke-self'],
] as const;
const STATUSES = [200, 302, 307, 400, 401, 403, 404, 405, 412, 429, 472, 500, 501, 503];

type Form = (response: ServerResponse, status: number, text: string) => void;
const json = { 'Content-Type': 'application/json' };
const FORMS: Readonly<Record<string, Form>> = {
  'as an error': (response, status, text) =>
    response.writeHead(status, json).end(JSON.stringify({ errors: [text] })),
  'within an error': (response, status, text) =>
    response.writeHead(status, json).end(
      JSON.stringify({
        errors: [`1 error occurred:\n\t* bad "${text.slice(0, 60)}" at ${text.slice(-30)}\n\n`],
      }),
    ),
  'as a key and in warnings': (response, status, text) =>
    response
      .writeHead(status, json)
      .end(JSON.stringify({ [text]: text, warnings: [text], data: { [text]: text, error: text } })),
  'as a page': (response, status, text) =>
    response
      .writeHead(status, { 'Content-Type': 'text/html', Server: text.slice(0, 200) })
      .end(`<html><title>${text}</title>${text}`),
  'in headers': (response, status, text) =>
    response
      .writeHead(status, {
        'Content-Type': `text/${text.slice(0, 100)}`,
        Location: `https://${text.slice(0, 40)}.example/${text}`,
        'Retry-After': text.slice(0, 50),
      })
      .end(text),
};

for (const [what, path] of REQUESTS) {
  describe(`sent back at ${what}`, () => {
    for (const status of STATUSES) {
      test(`with ${status}`, async () => {
        for (const [form, answer] of Object.entries(FORMS)) {
          let sent = '';
          const leave = job.vault.intercept((request, response, next) => {
            if (request.path !== path) return next();
            const { jwt } = JSON.parse(request.body.toString() || '{}') as { jwt?: string };
            sent = jwt ?? String(request.headers['x-vault-token']);
            answer(response, status, sent);
          });
          const args = ['get', 'secret/sonarqube/svc-orchestrator#url', '--retries', '0'];
          const run = await judged(args, { env: job.env });
          leave();
          assert.ok(sent.length > 30, 'it was not asked');
          for (const piece of [sent.slice(0, 20), sent.slice(-20)]) {
            assert.ok(!run.stderr.includes(piece), `${form}: ${run.stderr}`);
          }
          assert.notEqual(run.status, 1, `${form}: ${run.stderr}`);
          for (const line of run.stderr.trimEnd().split('\n')) {
            if (line !== '') assert.match(line, /^(civault: | {2,})/, form);
            assert.ok(line.length < 700, form);
          }
        }
      });
    }
  });
}
