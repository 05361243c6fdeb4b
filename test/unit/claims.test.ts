// Proves that what is noted on a claim is found by its name and by a pointer into it, and fits into a message.

import assert from 'node:assert/strict';
import test from 'node:test';
import { CLAIM_NOTES, claimNote } from '../../src/gitlab/claims.ts';
import { assertHolds } from './failures.ts';

for (const [name, note] of CLAIM_NOTES) {
  test(`the note on ${name} is a clause of a message`, () => {
    assert.match(note, /^(?:it is|it names|GitLab) [^\n]{10,140}[^\n.]$/);
    assert.match(name, /^[a-z_]+$/);
  });
}

for (const [name, part] of [
  ['environment', 'only to jobs with an environment:'],
  ['environment_protected', 'only to jobs with an environment:'],
  ['deployment_tier', 'only to jobs with an environment:'],
  ['ref_protected', 'Settings → Repository'],
  ['ref', 'the source branch'],
  ['project_path', "in a fork's merge request it is the fork's"],
  ['namespace_id', "in a fork's merge request it is the fork's"],
  ['ci_config_ref_uri', 'null where'],
  ['/user_identities/0/extern_uid', "the user's preferences"],
  ['groups_direct', '200 groups'],
  ['aud', 'id_tokens:'],
] as const) {
  test(`of ${name} it is noted: ${part}`, () => assertHolds(claimNote(name), part));
}

for (const name of ['constructor', '__proto__', '', '/', '/~2', 'team', '/team/a']) {
  test(`nothing is noted on ${JSON.stringify(name)}`, () => assert.equal(claimNote(name), undefined));
}
