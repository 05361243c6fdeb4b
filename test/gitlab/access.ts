// Who asks, and what they may see: tokens, memberships and the allowlist of job tokens.
//
// Sources: GitLab's documentation ("REST API authentication", "GitLab CI/CD job token", "Permissions and roles"), and the
// words of lib/api/helpers.rb and lib/gitlab/auth/auth_finders.rb.

import type http from 'node:http';
import { Refusal } from './reply.ts';
import type { Identity, Project, State } from './state.ts';

const UNAUTHORIZED = '401 Unauthorized';

/** Whom a request's token stands for; undefined for one without any. */
export function identify(
  state: State,
  { headers, url }: http.IncomingMessage,
  area: string,
): Identity | undefined {
  const job =
    headers['job-token'] ?? new URL(url ?? '/', 'https://gitlab').searchParams.get('job_token') ?? undefined;
  const found =
    pick(state.jobTokens, job) ??
    byPassword(state, headers.authorization, area) ??
    pick(state.privateTokens, headers['private-token']) ??
    pick(state.deployTokens, headers['deploy-token']);
  if (found?.kind === 'job' && !found.isRunning) throw new Refusal(401, UNAUTHORIZED);
  if (found?.kind === 'user' && found.isExpired) {
    throw new Refusal(401, {
      error: 'invalid_token',
      error_description: 'Token is expired. You can either do re-authorization or token refresh.',
    });
  }
  return found;
}

// For packages alone ("Generic packages repository", HTTP Basic authentication). A job's token has a user of its own
// (lib/gitlab/auth/auth_finders.rb): with any other the request counts as nobody's.
function byPassword(state: State, header: string | undefined, area: string): Identity | undefined {
  const [, encoded = ''] = /^Basic (.+)$/.exec(header ?? '') ?? [];
  if (encoded === '') return undefined;
  if (area !== 'packages') throw new Refusal(401, UNAUTHORIZED);
  const [, user, password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  if (user === 'gitlab-ci-token') return pick(state.jobTokens, password);
  return state.privateTokens.get(password) ?? state.deployTokens.get(password);
}

function pick(tokens: ReadonlyMap<string, Identity>, token: unknown): Identity | undefined {
  if (typeof token !== 'string' || token === '') return undefined;
  const found = tokens.get(token);
  if (found === undefined) throw new Refusal(401, UNAUTHORIZED);
  return found;
}

/** What is wanted of a project. */
export type Wish = 'read_release' | 'read_package' | 'write';

/** The project, if whoever asks may have what is wanted of it. */
export function findProject(state: State, id: string, who: Identity | undefined, wish: Wish): Project {
  const project = state.projects.find((each) => String(each.id) === id || each.path === id);
  if (project === undefined || !isSeen(project, who)) throw new Refusal(404, '404 Project Not Found');
  if (who?.kind === 'job' && !project.allowlist.has(who.project.path)) {
    const [from, to] = [who.project.path, project.path];
    throw new Refusal(
      403,
      `403 Forbidden - Authentication by CI/CD job token not allowed from ${from} to ${to}`,
    );
  }
  const wanted = wish === 'write' ? ['api'] : ['api', 'read_api'];
  if (who?.kind === 'user' && !who.scopes.some((scope) => wanted.includes(scope))) {
    throw new Refusal(403, {
      error: 'insufficient_scope',
      error_description: 'The request requires higher privileges than provided by the access token.',
      scope: wanted.join(' '),
    });
  }
  if (who?.kind === 'deploy' && wish === 'read_release') throw new Refusal(403, '403 Forbidden');
  const role = who?.kind === 'deploy' ? 20 : (project.members.get(who?.user ?? '') ?? 0);
  const least = wish === 'write' ? 30 : wish === 'read_package' ? 20 : 10;
  if (role < least && !(project.visibility === 'public' && wish !== 'write')) {
    throw new Refusal(403, '403 Forbidden');
  }
  return project;
}

function isSeen(project: Project, who: Identity | undefined): boolean {
  if (project.visibility === 'public') return true;
  return who?.kind === 'deploy' ? who.project === project : project.members.has(who?.user ?? '');
}
