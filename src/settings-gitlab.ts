// Where GitLab is, which project is asked for what, and by which token: from flags, else from what GitLab gives a job.

import { AppError, quoted } from './errors.ts';
import type { GitlabToken } from './gitlab/api.ts';
import { type Endpoint, isLoopback, originOf, parseAddress, type Service } from './http/address.ts';
import type { ProxySettings } from './http/proxy.ts';
import type { TrustSettings } from './http/trust.ts';
import type { Environment, NamedValue } from './io.ts';
import { Secret } from './secret.ts';
import {
  filledIn,
  filledVariable,
  finder,
  readDuration,
  readPath,
  readProxies,
  readRetries,
  readVariableName,
} from './setting-values.ts';

/** The flags of a command that asks GitLab, as they were given. */
export interface GitlabFlags {
  readonly server?: string;
  readonly project?: string;
  readonly 'token-variable'?: string;
  readonly 'ca-file'?: string;
  readonly timeout?: string;
  readonly retries?: string;
}

/** All settings of a run that asks GitLab, frozen. */
export interface GitlabSettings {
  /** Of the API, so that its paths follow: the base path ends in `/api/v4`. */
  readonly endpoint: Endpoint;
  /** A number, or a path as it stands in the address of the project's page. */
  readonly project: string;
  /** Undefined where the job has none: what is public can be had without. */
  readonly token: GitlabToken | undefined;
  readonly trust: TrustSettings;
  readonly proxy: ProxySettings;
  /** Milliseconds; Infinity unless said, since nobody knows how long a download takes. */
  readonly timeout: number;
  readonly retries: number;
  readonly warnings: readonly string[];
}

const GITLAB: Service = {
  name: 'GitLab',
  example: 'https://gitlab.example.com',
  // A page of a project, a group or a user.
  surplus: /\/-(?:\/.*)?$/,
};
const API = '/api/v4';

/**
 * Settles every setting. The variables that are Vault's count for Vault alone.
 * @throws {AppError} CONFIG for a missing or wrong one
 */
export function readGitlab(flags: GitlabFlags, environment: Environment): GitlabSettings {
  const find = finder(environment);
  const filled = (variable: NamedValue | undefined) => filledVariable(variable, environment);
  const endpoint = readServer(flags, environment);
  const caFile = flags['ca-file'];
  const home = homeOf(environment);
  const own = `${originOf(endpoint)}${endpoint.basePath.slice(0, -API.length)}`;
  const isForeign = home !== undefined && home !== own;
  return Object.freeze({
    endpoint,
    project: readProject(flags.project, environment),
    token: readToken(flags['token-variable'], environment, isForeign),
    trust: {
      caFile: filled(readPath(caFile === undefined ? undefined : { name: '--ca-file', value: caFile })),
      caBytes: undefined,
      caFolder: undefined,
      besides: find('CI_SERVER_TLS_CA_FILE'),
      systemFile: find('SSL_CERT_FILE')?.value,
      systemFolder: find('SSL_CERT_DIR')?.value,
      clientCertificate: undefined,
      clientKey: undefined,
      serverName: undefined,
      skipVerify: false,
    },
    proxy: { always: undefined, ...readProxies(environment) },
    timeout: flags.timeout === undefined ? Infinity : readDuration(flags.timeout, '--timeout', undefined),
    retries: readRetries(flags.retries, undefined),
    warnings: warningsFor(endpoint),
  });
}

function readServer(flags: GitlabFlags, environment: Environment): Endpoint {
  const given = [
    { source: '--server', value: flags.server },
    ...['CI_API_V4_URL', 'CI_SERVER_URL'].map((source) => ({ source, value: environment[source] })),
  ];
  for (const { source, value = '' } of given) {
    if (value === '') continue;
    const endpoint = parseAddress(value, source, environment, GITLAB);
    if (endpoint.scheme !== 'unix') {
      return { ...endpoint, basePath: `${endpoint.basePath.replace(/\/api(?:\/v4)?$/, '')}${API}` };
    }
    throw new AppError(
      'CONFIG',
      `${source} is ${quoted(value)}: GitLab has no socket`,
      `write ${GITLAB.example}`,
    );
  }
  throw new AppError(
    'CONFIG',
    'there is no address of GitLab: CI_API_V4_URL is not set, which GitLab does for every job',
    `outside of a job, name the server: --server ${GITLAB.example}`,
  );
}

function readProject(flag: string | undefined, environment: Environment): string {
  const own = environment['CI_PROJECT_ID'] ?? '';
  const [name, value] = flag === undefined ? ['CI_PROJECT_ID', own] : ['--project', flag];
  const bad = (why: string) =>
    new AppError(
      'CONFIG',
      `${name} is ${quoted(value)}: ${why}`,
      'write its path, such as GROUP/PROJECT, or its number',
    );
  if (flag === undefined && own === '') {
    throw new AppError(
      'CONFIG',
      'there is no project: CI_PROJECT_ID is not set, which GitLab does for every job',
      'name the project that has the release: --project GROUP/PROJECT',
    );
  }
  const text = filledIn(value, name, environment);
  if (/^https?:/i.test(text)) throw bad('that is an address');
  const project = text.replace(/^\/+|(?<!\/)\/+$/g, '').replace(/\.git$/, '');
  if (/^[0-9]+$/.test(project)) return project;
  // GitLab's own rule for paths: letters of any script are not among them.
  if (/^[\w.-]+(?:\/[\w.-]+)+$/.test(project)) return project;
  throw bad(project === '' ? 'it is empty' : 'no project has that path');
}

// The address of the GitLab that runs the job, without its API's part: two may be on one origin.
function homeOf(environment: Environment): string | undefined {
  const address = environment['CI_API_V4_URL'] || environment['CI_SERVER_URL'] || '';
  if (!URL.canParse(address)) return undefined;
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname.replace(/(?<!\/)\/+$/, '').replace(/\/api(?:\/v4)?$/, '')}`;
}

function readToken(
  flag: string | undefined,
  environment: Environment,
  isForeign: boolean,
): GitlabToken | undefined {
  if (flag !== undefined) {
    const name = readVariableName(flag, '--token-variable', 'GITLAB_TOKEN');
    const value = Object.hasOwn(environment, name) ? (environment[name] ?? '') : '';
    if (value !== '') return tokenIn(name, value, environment);
    throw new AppError(
      'CONFIG',
      `${quoted(name)} is ${value === '' && Object.hasOwn(environment, name) ? 'empty' : 'not set'}: it is to hold GitLab's token`,
      'check the name in --token-variable, and that the variable reaches this job',
    );
  }
  // The job's tokens are for the GitLab that runs the job. Another would learn them, and refuse them.
  if (isForeign) return undefined;
  for (const name of ['CI_JOB_TOKEN', 'GITLAB_TOKEN']) {
    const value = environment[name] ?? '';
    if (value !== '') return tokenIn(name, value, environment);
  }
  return undefined;
}

// GitLab looks at one header for each kind of token (its REST API's documentation, "Authentication").
function tokenIn(variable: string, value: string, environment: Environment): GitlabToken {
  if (/^\$\{?[A-Z_]\w*\}?$/.test(value)) filledIn(value, variable, environment);
  if (!/^[\x21-\x7e]+$/.test(value) || /^["'`]|["'`]$/.test(value)) {
    const what = 'has quotes around it, or holds a space or another character that no token has';
    throw new AppError('CONFIG', `${variable} ${what}`, 'mend it, or unset it where no token is wanted');
  }
  const isJobs = variable === 'CI_JOB_TOKEN' || /^glcbt-/.test(value);
  const header = isJobs ? 'JOB-TOKEN' : /^gldt-/.test(value) ? 'DEPLOY-TOKEN' : 'PRIVATE-TOKEN';
  return { header, variable, value: new Secret(value) };
}

function warningsFor({ scheme, host }: Endpoint): string[] {
  if (scheme !== 'http' || isLoopback(host)) return [];
  return [
    `the address of ${host} is http: the token and what is downloaded go over the network in plain text`,
  ];
}
