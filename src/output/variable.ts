// Environment variables: which names are valid, how a field's name becomes one, and which no field may make.

import type { Secret } from '../secret.ts';

/** A variable for the job. */
export interface Variable {
  readonly name: string;
  readonly value: Secret;
}

/** Whether a shell takes it as a variable's name (POSIX.1-2017, XBD 3.235). */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** PREFIX and the field in upper case; every character outside A-Z, 0-9 and _ becomes _. */
export function variableNameOf(prefix: string, field: string): string {
  // Only a to z are raised: toUpperCase would turn ß into SS and ı into I, and so join names that differ.
  const raised = field.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  return prefix + raised.replace(/[^A-Z0-9_]/gu, '_');
}

// Whoever can write a secret chooses its fields' names. These would let them run code in the job, or send its traffic
// or its credentials elsewhere. A name that the *user* writes is not held to this list.
const RESERVED: readonly (readonly [reason: string, names: string])[] = [
  ['decides which programs run', 'PATH|CDPATH|FPATH|MANPATH|INFOPATH|COMSPEC|SHELL'],
  [
    'steers the shell',
    'IFS|ENV|BASH_.*|SHELLOPTS|BASHOPTS|ZDOTDIR|PS[0-4]|PROMPT_COMMAND|GLOBIGNORE|POSIXLY_CORRECT',
  ],
  ['decides where programs keep and find their files', 'HOME|PWD|OLDPWD|TMPDIR|TMP|TEMP|XDG_.*'],
  [
    'names a program that others start',
    'EDITOR|VISUAL|PAGER|BROWSER|LESS|LESSOPEN|LESSCLOSE|.*_(PAGER|EDITOR|ASKPASS)',
  ],
  ['steers the dynamic linker', 'LD_.*|DYLD_.*|LIBPATH|SHLIB_PATH'],
  ['steers libc', 'GCONV_PATH|MALLOC_.*|GLIBC_.*|LOCPATH|NLSPATH|HOSTALIASES|RES_OPTIONS|LOCALDOMAIN|TZDIR'],
  ['steers TLS or the network', 'SSL_.*|OPENSSL_.*|CURL_.*|REQUESTS_CA_BUNDLE|.*_PROXY|WGETRC|NETRC'],
  [
    'belongs to GitLab, to Vault or to civault',
    'CI|CI_.*|GITLAB_.*|FF_.*|RUNNER_.*|VAULT_.*|BAO_.*|CIVAULT_.*',
  ],
];

// Held as the list above, but for names that end like a credential: NPM_TOKEN or GIT_PASSWORD steer nothing.
const RESERVED_TOOLS: typeof RESERVED = [
  ['steers Node.js', 'NODE_.*|NPM_.*|YARN_.*|PNPM_.*|DENO_.*|BUN_.*|ELECTRON_.*'],
  ['steers Python', 'PYTHON.*|PIP_.*|UV_.*|POETRY_.*|VIRTUAL_ENV|CONDA_.*'],
  [
    'steers an interpreter',
    'PERL(5.*|LIB|IO.*|_.*)|RUBY.*|GEM_.*|BUNDLE_.*|LUA_.*|PHPRC|PHP_INI_.*|R_(HOME|PROFILE|ENVIRON|LIBS).*',
  ],
  [
    'steers Java',
    'JAVA_.*|_JAVA_OPTIONS|JDK_.*|JRE_HOME|CLASSPATH|MAVEN_.*|GRADLE_.*|ANT_.*|SBT_OPTS|JVM_.*|SONAR_SCANNER_.*OPTS',
  ],
  [
    'steers git, ssh or gpg',
    'GIT_.*|SSH_.*|GPG_.*|GNUPGHOME|CVS_RSH|SVN_SSH|HG(RCPATH|EDITOR|MERGE|PLAIN.*)',
  ],
  [
    'steers Go',
    'GO(FLAGS|PATH|ROOT|PROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE|ENV|BIN|CACHE|MODCACHE|TOOLCHAIN|WORK|DEBUG)|CGO_.*',
  ],
  [
    'steers a build',
    'CARGO_.*|RUST.*|CC|CXX|CPP|AS|AR|LD|(C|CPP|CXX|LD)FLAGS|MAKE(FLAGS|FILES)|MFLAGS|CMAKE_.*|DOTNET_.*|CORECLR_.*|NUGET_.*',
  ],
  [
    'steers a deployment tool',
    'DOCKER_.*|BUILDKIT_.*|BUILDX_.*|KUBE.*|HELM_.*|TF_.*|ANSIBLE_.*|CLOUDSDK_.*|AWS_(CONFIG_|SHARED_|ENDPOINT_).*',
  ],
];

const LIKE_A_CREDENTIAL = /(TOKEN|PASSWORD|PASSWD|USERNAME|SECRET|(API|PRIVATE|ACCESS|SECRET)_KEY)$/;

/** Why a name made from a field is refused, as a clause ("decides which programs run"); undefined if it is not. */
export function whyReserved(name: string): string | undefined {
  const upper = name.toUpperCase();
  const lists = LIKE_A_CREDENTIAL.test(upper) ? RESERVED : [...RESERVED, ...RESERVED_TOOLS];
  return lists.find(([, names]) => new RegExp(`^(?:${names})$`).test(upper))?.[0];
}
