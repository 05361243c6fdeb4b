// Environment variables: which names are valid, how a field's name becomes one, and which no field may make.

import { AppError } from '../errors.ts';
import type { Secret } from '../secret.ts';

/** A variable for the job. */
export interface Variable {
  readonly name: string;
  readonly value: Secret;
}

// MAX_ARG_STRLEN of Linux, for `NAME=value` and the NUL behind it: execve fails with E2BIG beyond it.
const LARGEST = 131_072;

/**
 * The value, if the environment of a process can hold it.
 * @throws {AppError} CONFIG for a NUL byte, or more than any command could be started with
 */
export function forEnvironment(name: string, secret: Secret): string {
  const value = secret.reveal();
  const hint = 'write it to a file instead: civault get REF --output FILE';
  if (value.includes('\0')) {
    throw new AppError(
      'CONFIG',
      `the value for ${name} holds a NUL byte, which no environment variable can hold`,
      hint,
    );
  }
  if (Buffer.byteLength(name) + Buffer.byteLength(value) + 2 <= LARGEST) return value;
  throw new AppError(
    'CONFIG',
    `the value for ${name} is larger than the 128 KiB that Linux allows a variable: no command would start with it`,
    hint,
  );
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

type Names = readonly (readonly [reason: string, names: string])[];

// Some shell makes something of its own of these: it refuses to set them, or takes the value for arithmetic, in which
// `a[$(command)]` runs the command (bash, mksh and zsh). They are refused to the user as well.
const SHELLS_OWN: Names = [
  [
    "is the shell's own",
    '_|E?UID|E?GID|PPID|GROUPS|LINENO|DIRSTACK|FUNCNAME|SHLVL|PIPESTATUS|BASHPID|KSH(E?UID|E?GID)',
  ],
  [
    'is a number to some shells, which run what stands in it',
    'S?RANDOM|SECONDS|EPOCH(SECONDS|REALTIME)|OPTIND|OPTERR|HISTCMD|HIST(FILE)?SIZE|SAVEHIST|TMOUT|LINES|COLUMNS|' +
      'MAILCHECK|LISTMAX|LOGCHECK|KEYTIMEOUT|DIRSTACKSIZE|FUNCNEST|BAUD|ARGC|ERRNO|PGRP|USER_ID|PERIOD|TTYIDLE|' +
      'REPORT(TIME|MEMORY)|TRY_BLOCK_(ERROR|INTERRUPT)|MBEGIN|MEND|ZSH_SUBSHELL|COMP_(CWORD|POINT)|ZLE_RPROMPT_INDENT|PROMPT_DIRTRIM',
  ],
];

// Whoever can write a secret chooses its fields' names. These would let them run code in the job, or send its traffic
// or its credentials elsewhere. A name that the *user* writes is not held to this list.
const RESERVED: Names = [
  ...SHELLS_OWN,
  ['decides which programs run', 'PATH|CDPATH|FPATH|MANPATH|INFOPATH|COMSPEC|SHELL|CONFIG_SHELL'],
  [
    'steers the shell',
    'IFS|ENV|BASH_.*|SHELLOPTS|BASHOPTS|ZDOTDIR|PS[0-4]|PROMPT_COMMAND|GLOBIGNORE|POSIXLY_CORRECT|INPUTRC|MODULE_PATH',
  ],
  ['decides where programs keep and find their files', 'HOME|PWD|OLDPWD|TMPDIR|TMP|TEMP|XDG_.*'],
  [
    'names a program that others start',
    '((GIT|SUDO|SYSTEMD|SVN|KUBE|GH|AWS|MAN|BAT|HG)_?)?(PAGER|EDITOR)|.*_ASKPASS|.*PASSCOMMAND|.*PASSWORD_COMMAND|.*_PLUGIN_(PATH|DIR)|MYSQL_HOME|(GTK|GIO)_(EXTRA_)?MODULES.*|COMPOSER_HOME|PSMODULEPATH|AWKPATH|.*_RSH|VISUAL|BROWSER|LESS(OPEN|CLOSE)?|FCEDIT|G?VIMINIT|EXINIT|TAR_OPTIONS|ZIPOPT|(READ)?NULLCMD|CHROME_BIN|PUPPETEER_.*',
  ],
  ['steers the dynamic linker', 'LD_.*|DYLD_.*|LIBPATH|SHLIB_PATH'],
  ['steers libc', 'GCONV_PATH|MALLOC_.*|GLIBC_.*|LOCPATH|NLSPATH|HOSTALIASES|RES_OPTIONS|LOCALDOMAIN|TZDIR'],
  [
    'steers TLS or the network',
    'SSL_.*|SSLKEYLOGFILE|OPENSSL_.*|CURL_.*|REQUESTS_CA_BUNDLE|KRB5_CONFIG|CONTAINER_HOST|.*_PROXY|WGETRC|NETRC',
  ],
  [
    'belongs to GitLab, to Vault or to civault',
    'CI|CI_.*|GITLAB_(CI|FEATURES|TOKEN|HOST|URI|USER_.*)|FF_.*|RUNNER_.*|VAULT_.*|BAO_.*|CIVAULT_.*',
  ],
];

// Held as the list above, but for names that end like a credential: NPM_TOKEN or GIT_PASSWORD steer nothing.
const RESERVED_TOOLS: Names = [
  ['steers Node.js', 'NODE_.*|NPM_.*|YARN_.*|PNPM_.*|DENO_.*|BUN_.*|ELECTRON_.*'],
  ['steers Python', 'PYTHON.*|PIP_.*|UV_.*|POETRY_.*|VIRTUAL_ENV|CONDA_.*'],
  [
    'steers an interpreter',
    'ERL_.*|ELIXIR_ERL_OPTIONS|PERL(5.*|LIB|IO.*|_.*)|RUBY.*|GEM_.*|BUNDLE_.*|LUA_.*|PHPRC|PHP_INI_.*|R_(HOME|PROFILE|ENVIRON|LIBS).*',
  ],
  [
    'steers Java',
    'JAVA_.*|_JAVA_OPTIONS|JDK_.*|JRE_HOME|CLASSPATH|MAVEN_.*|GRADLE_.*|ANT_.*|SBT_OPTS|JVM_.*|SONAR_SCANNER_(.*OPTS|JSON_.*)',
  ],
  ['steers git, ssh or gpg', 'GIT_.*|SSH_.*|GPG_.*|GNUPGHOME|SVN_SSH|HG(RCPATH|MERGE|PLAIN.*)'],
  [
    'steers Go',
    'GO(FLAGS|PATH|ROOT|PROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE|ENV|BIN|CACHE|MODCACHE|TOOLCHAIN|WORK|DEBUG)|CGO_.*',
  ],
  [
    'steers a build',
    'CARGO_.*|RUST.*|CC|CXX|CPP|AS|AR|LD|(C|CPP|CXX|LD)FLAGS|GCC_.*|COMPILER_PATH|C(PLUS)?_INCLUDE_PATH|CPATH|LIBRARY_PATH|PKG_CONFIG.*|CONFIG_SITE|ESBUILD_BINARY_PATH|(GNU)?MAKE(FLAGS|FILES)|MFLAGS|CMAKE_.*|DOTNET_.*|COMPLUS_.*|CORECLR_.*|COR_.*|NUGET_.*',
  ],
  [
    'steers a deployment tool',
    'TRIVY_(MODULE.*|INSECURE|SERVER|CONFIG|CACHE.*|DB_.*|JAVA_DB.*|PLUGIN.*)|DOCKER_(HOST|CONFIG|CONTEXT|CERT_PATH|TLS.*|API_VERSION|AUTH_CONFIG|CLI_.*|DEFAULT_.*|CONTENT_.*|BUILDKIT)|BUILDKIT_.*|BUILDX_.*|KUBE.*|HELM_(BIN|.*HOME|PLUGINS|KUBE.*|REGISTRY_CONFIG|REPOSITORY_C.*)|TF_.*|ANSIBLE_.*|CLOUDSDK_.*|AWS_(CONFIG_|SHARED_|ENDPOINT_|CA_BUNDLE|WEB_IDENTITY_).*|GOOGLE_APPLICATION_CREDENTIALS|REGISTRY_AUTH_FILE|PSQLRC',
  ],
];

const LIKE_A_CREDENTIAL = /(TOKEN|PASSWORD|PASSWD|USERNAME|SECRET|(API|PRIVATE|ACCESS|SECRET)_KEY)$/;

/** Why a name is refused even to the user, as a clause; undefined if it is not. */
export function whyTheShellsOwn(name: string): string | undefined {
  return reasonIn(SHELLS_OWN, name);
}

/** Why a name made from a field is refused, as a clause ("decides which programs run"); undefined if it is not. */
export function whyReserved(name: string): string | undefined {
  // Some programs read their variables in lower case too (https_proxy, npm_config_registry).
  const upper = name.toUpperCase();
  const asTool = LIKE_A_CREDENTIAL.test(upper) ? undefined : reasonIn(RESERVED_TOOLS, upper);
  return reasonIn(RESERVED, upper) ?? asTool;
}

function reasonIn(list: Names, name: string): string | undefined {
  return list.find(([, names]) => new RegExp(`^(?:${names})$`).test(name))?.[0];
}
