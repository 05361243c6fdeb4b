// The claims of an ID token in messages: how one is shown, and where GitLab takes it from. Claims are never trusted:
// Vault alone verifies them. They are no secret.

import { printable, quoted } from '../errors.ts';
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../json.ts';
import { followPointer, pointerTokens } from '../json-pointer.ts';

/**
 * A claim as Vault finds it: by its name, or where the name begins with a slash by JSON Pointer
 * (vault-plugin-auth-jwt, getClaim).
 */
export function claimAt(claims: JsonObject, name: string): JsonValue | undefined {
  const tokens = name.startsWith('/') ? pointerTokens(name) : undefined;
  return tokens === undefined ? claims.get(name) : followPointer(claims, tokens).value;
}

/** A claim as a message shows it: text in quotes, a list's items, a time in ISO 8601, or that it is not there. */
export function shownClaim(claims: JsonObject, name: string): string {
  const value = claimAt(claims, name);
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) {
    if (value.length === 0) return 'an empty list';
    return printable(value.map((item) => (typeof item === 'string' ? quoted(item) : '…')).join(', '));
  }
  if (value instanceof JsonNumber && ['exp', 'iat', 'nbf'].includes(name)) {
    return isoTime(Number(value.text) * 1000) ?? printable(value.text);
  }
  return shownScalar(value as Exclude<JsonValue, readonly JsonValue[]>);
}

function shownScalar(value: Exclude<JsonValue, readonly JsonValue[]>): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof JsonNumber) return printable(value.text);
  return isJsonObject(value) ? 'an object' : String(value);
}

/** A moment in ISO 8601; undefined for one that no calendar has. */
export function isoTime(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

const WITH_ENVIRONMENT = 'GitLab adds it only to jobs with an environment:';
const SOURCE_PROJECT = "in a fork's merge request it is the fork's";
const SAME_PROJECT = "it is null where the pipeline's configuration is in another project";

/**
 * What makes GitLab add a claim, or what its value comes from, in a sentence: GitLab's documentation, "ID token
 * authentication", "Token payload".
 */
export const CLAIM_NOTES: ReadonlyMap<string, string> = new Map([
  ['iss', 'it is the address of the GitLab that runs the job'],
  ['aud', "it is what the job's id_tokens: says as aud:"],
  ['sub', 'GitLab makes it of project_path, ref_type and ref, unless the project is set to other parts'],
  ['environment', `${WITH_ENVIRONMENT}, and it is that environment's name`],
  ['environment_protected', `${WITH_ENVIRONMENT}, as the text "true" or "false"`],
  ['environment_action', `${WITH_ENVIRONMENT}, and it is what environment:action says`],
  ['deployment_tier', `${WITH_ENVIRONMENT}, and it is that environment's tier`],
  ['ref', "it is the job's branch or tag; in a merge request's pipeline, the source branch"],
  ['ref_type', 'it is "branch" or "tag"'],
  [
    'ref_path',
    "it is the ref in full, such as refs/heads/main; in a merge request's pipeline, the source branch's",
  ],
  [
    'ref_protected',
    'it is the text "true" for branches and tags that Settings → Repository protects, else "false"',
  ],
  ['namespace_path', `it is the path of the project's group or user; ${SOURCE_PROJECT}`],
  ['namespace_id', `it is the ID of the project's group or user; ${SOURCE_PROJECT}`],
  ['project_path', `it is the path of the project; ${SOURCE_PROJECT}`],
  ['project_id', `it is the ID of the project; ${SOURCE_PROJECT}`],
  ['project_visibility', "it is the project's: private, internal or public"],
  ['user_login', 'it is the name of the user who started the job'],
  ['user_id', 'it is the ID of the user who started the job'],
  ['user_email', 'it is the e-mail address of the user who started the job'],
  ['user_access_level', 'it is the role in the project of the user who started the job'],
  [
    'user_identities',
    "GitLab adds it only where the user's preferences include external identities in ID tokens",
  ],
  [
    'groups_direct',
    'GitLab adds it only for a direct member of at most 200 groups (feature flag ci_jwt_groups_direct)',
  ],
  ['pipeline_id', 'it is the ID of the pipeline, another one at each run'],
  ['pipeline_source', 'it is what started the pipeline, such as push, web, schedule or merge_request_event'],
  ['job_id', 'it is the ID of the job, another one at each run'],
  ['runner_id', 'it is the ID of the runner that runs the job: its tags: choose one'],
  ['runner_environment', 'it is gitlab-hosted or self-hosted, as the runner that runs the job is'],
  ['sha', 'it is the commit that the job runs for'],
  ['ci_config_ref_uri', `it names the pipeline's configuration and its ref; ${SAME_PROJECT}`],
  ['ci_config_sha', `it is the commit of the pipeline's configuration; ${SAME_PROJECT}`],
]);

/** The note on a claim, also by a JSON Pointer into it; undefined for one that GitLab does not make. */
export function claimNote(name: string): string | undefined {
  return CLAIM_NOTES.get(name.startsWith('/') ? (pointerTokens(name)?.[0] ?? '') : name);
}
