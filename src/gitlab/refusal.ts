// What it means that GitLab refuses: its answer, the token and what was asked for → AppError.

import { AppError, printable } from '../errors.ts';
import { stringMember } from '../json.ts';
import { type GitlabAnswer, type GitlabToken, wordsOf } from './api.ts';

const PAGE = 'Settings → CI/CD → Job token permissions';

/**
 * Explains a refusal.
 * @param what was asked for, such as `the releases of GROUP/PROJECT`
 * @param project whose they are
 */
export function refused(
  { status, json }: GitlabAnswer,
  what: string,
  project: string,
  token: GitlabToken | undefined,
): AppError {
  const said = ['message', 'error_description', 'error'].flatMap((key) => stringMember(json, key) ?? []);
  const words = said.length === 0 ? '' : wordsOf(said[0] ?? '', token);
  const all = said.join(' ');
  if (status === 401) return unknownToken(token, words);
  if (status === 403) return forbidden(all, words, what, project, token);
  if (status === 404) return notThere(all, what, project, token);
  return new AppError(
    status >= 500 || status === 429 ? 'UNAVAILABLE' : 'BAD_RESPONSE',
    `GitLab answered ${status} when asked for ${what}${words === '' ? '' : `: ${words}`}`,
    status === 429
      ? 'it limits how often it may be asked: try again later'
      : "look at GitLab's log, or try again later",
  );
}

function unknownToken(token: GitlabToken | undefined, words: string): AppError {
  const said = words === '' || /^401/.test(words) ? '' : `: ${words}`;
  if (token === undefined) {
    return new AppError('PERMISSION_DENIED', `GitLab asks for a token (401)${said}`, howToGive());
  }
  const hint =
    token.header === 'JOB-TOKEN'
      ? "a job's token is good while the job runs, on the GitLab that runs it"
      : `it may have expired, been revoked, or be another GitLab's: put a new one into ${token.variable}`;
  return new AppError(
    'PERMISSION_DENIED',
    `GitLab does not accept the token in ${printable(token.variable)} (401)${said}`,
    hint,
  );
}

function howToGive(): string {
  return "put a token that may read_api into GITLAB_TOKEN; a job's own, CI_JOB_TOKEN, is for the GitLab that runs it alone";
}

function forbidden(
  all: string,
  words: string,
  what: string,
  project: string,
  token: GitlabToken | undefined,
): AppError {
  const [, from, to] = /job token not allowed from (\S+) to ([^\s"]+?)[.,]?(?:\s|$)/i.exec(all) ?? [];
  if (from !== undefined && to !== undefined) {
    return new AppError(
      'PERMISSION_DENIED',
      `${printable(to)} does not let the jobs of ${printable(from)} in (403)`,
      `in ${printable(to)}, add ${printable(from)} under ${PAGE}`,
    );
  }
  if (/insufficient_scope|scope/i.test(all) && token !== undefined) {
    return new AppError(
      'PERMISSION_DENIED',
      `the scopes of the token in ${printable(token.variable)} do not allow to read ${what} (403)`,
      'it needs read_api; a deploy token reads packages alone (read_package_registry)',
    );
  }
  const said = words === '' || /^403 forbidden\.?$/i.test(words) ? '' : `: ${words}`;
  const hint =
    token?.header === 'DEPLOY-TOKEN'
      ? 'a deploy token reads packages alone (--package), and no releases: use a project access token with read_api'
      : token?.header === 'JOB-TOKEN'
        ? `the job has the rights of whoever started it, who needs the role Reporter in ${project}; and in ${project}, ${PAGE} must let this project in; or name a token that may: --token-variable GITLAB_TOKEN`
        : `whoever the token is of needs the role Reporter in ${project}`;
  return new AppError('PERMISSION_DENIED', `GitLab refuses ${what} (403)${said}`, hint);
}

function notThere(all: string, what: string, project: string, token: GitlabToken | undefined): AppError {
  const isProject = /project not found/i.test(all);
  const message = isProject
    ? `there is no project ${project}, or it is not to be seen with ${token === undefined ? 'no token' : `the token in ${printable(token.variable)}`} (404)`
    : `GitLab has no ${what} (404)`;
  const rights =
    token?.header === 'JOB-TOKEN'
      ? `in that project, ${PAGE} must let this one in, and whoever started the job must be a member of it`
      : token === undefined
        ? howToGive()
        : 'whoever the token is of must be a member of it';
  const hint = isProject ? `check the path or the number; ${rights}` : `check its spelling; ${rights}`;
  return new AppError('ASSET_NOT_FOUND', message, hint);
}
