// Proves which names a shell takes for a variable's, how a field's name becomes one, and which of them no field may make.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isVariableName, variableNameOf, whyReserved, whyTheShellsOwn } from '../../src/output/variable.ts';

for (const name of ['A', 'a', '_', '__', 'A1', 'aB_9', 'A'.repeat(10_000)]) {
  test(`${name.slice(0, 20)} is a variable's name`, () => assert.equal(isVariableName(name), true));
}

for (const name of [
  '',
  '1',
  '1A',
  'A-B',
  'A.B',
  'A B',
  ' A',
  'A ',
  'A\n',
  '\nA',
  'Ä',
  'A=B',
  'A+',
  'A[0]',
  'A$',
  '\u212a',
]) {
  test(`${JSON.stringify(name)} is no variable's name`, () => assert.equal(isVariableName(name), false));
}

for (const [prefix, field, name] of [
  ['', 'username', 'USERNAME'],
  ['N_', 'username', 'N_USERNAME'],
  ['n_', 'User', 'n_USER'],
  ['', 'api-key', 'API_KEY'],
  ['', 'a.b c/d', 'A_B_C_D'],
  ['', 'A1_b2', 'A1_B2'],
  ['P_', '0', 'P_0'],
  ['P_', '', 'P_'],
  ['', 'straße', 'STRA_E'],
  ['', 'ı', '_'],
  ['', 'ŉ', '_'],
  ['', '😀', '_'],
  ['', '\ud800', '_'],
  ['', 'a\n', 'A_'],
  ['', '$(id)', '__ID_'],
] as const) {
  test(`the field ${JSON.stringify(field)} behind "${prefix}" makes ${name}`, () => {
    assert.equal(variableNameOf(prefix, field), name);
  });
}

test('a name made from any field holds nothing but A to Z, 0 to 9 and _', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (field) => {
      assert.match(variableNameOf('', field), /^[A-Z0-9_]*$/);
      assert.equal(isVariableName(variableNameOf('P_', field)), true);
    }),
  );
});

// One line for each reason that the design and the manuals of shells and tools give.
const STEERING: readonly (readonly [what: string, names: string])[] = [
  [
    'chooses programs',
    'PATH CDPATH SHELL EDITOR VISUAL PAGER BROWSER MANPAGER GIT_PAGER SUDO_EDITOR SSH_ASKPASS',
  ],
  [
    'steers a shell',
    'IFS ENV BASH_ENV BASH_FUNC_ls__ SHELLOPTS BASHOPTS PS1 PS4 PROMPT_COMMAND ZDOTDIR FPATH GLOBIGNORE',
  ],
  ['steers the linker', 'LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES GCONV_PATH'],
  ['steers Node.js', 'NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NPM_CONFIG_SCRIPT_SHELL YARN_RC_FILENAME'],
  ['steers Python', 'PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONINSPECT PIP_INDEX_URL PIP_CONFIG_FILE'],
  ['steers Perl and Ruby', 'PERL5LIB PERL5OPT PERL5DB RUBYOPT RUBYLIB GEM_HOME BUNDLE_GEMFILE'],
  [
    'steers Java',
    'JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_HOME CLASSPATH MAVEN_OPTS SONAR_SCANNER_OPTS',
  ],
  [
    'steers git',
    'GIT_SSH GIT_SSH_COMMAND GIT_EXEC_PATH GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_EXTERNAL_DIFF GIT_DIR',
  ],
  [
    'steers the network',
    'HTTPS_PROXY https_proxy NO_PROXY ALL_PROXY SSL_CERT_FILE CURL_HOME OPENSSL_CONF SSLKEYLOGFILE',
  ],
  [
    'steers a build',
    'MAKEFLAGS MAKEFILES GNUMAKEFLAGS CC CFLAGS RUSTC_WRAPPER CARGO_HOME GOFLAGS GCC_EXEC_PREFIX COMPILER_PATH',
  ],
  [
    'names a command that a tool runs',
    'TAR_OPTIONS RSYNC_RSH CVS_RSH LESSOPEN VIMINIT EXINIT FCEDIT CONFIG_SHELL',
  ],
  ['belongs to the job', 'CI CI_JOB_TOKEN GITLAB_TOKEN VAULT_TOKEN VAULT_ADDR BAO_ADDR HOME PWD TMPDIR'],
  // Assigning to them is refused by bash, mksh or zsh, or does not give the variable that value.
  ["is the shell's own", 'UID EUID GID EGID PPID GROUPS LINENO DIRSTACK FUNCNAME SHLVL _'],
  // Assigning to them evaluates the value as arithmetic, and so runs a $(command) in it: see shell.test.ts.
  [
    'runs its value',
    'RANDOM SRANDOM OPTIND HISTCMD SECONDS TMOUT LINES COLUMNS HISTSIZE SAVEHIST MAILCHECK LISTMAX ERRNO PGRP USER_ID ZLE_RPROMPT_INDENT',
  ],
];
for (const [what, names] of STEERING) {
  for (const name of names.split(' ')) {
    test(`no field makes ${name}: it ${what}`, () => {
      assert.match(whyReserved(name) ?? 'it may', /^(decides|steers|names|belongs|is|runs|sends) /);
    });
  }
}

for (const name of [
  ...['USERNAME_', 'PASSWORD', 'TOKEN', 'URL', 'API_KEY', 'SONAR_TOKEN', 'SONAR_HOST_URL', 'TRIVY_USERNAME'],
  ...[
    'NPM_TOKEN',
    'GIT_PASSWORD',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'DOCKER_PASSWORD',
    'PATHS',
    'MYPATH',
  ],
  ...['ENVIRONMENT', 'CIVIC', 'CERTIFICATE', 'GOOGLE_KEY', 'CCC', 'NODE', 'LDAP_URL', 'RANDOM_SEED'],
]) {
  test(`a field may make ${name}`, () => assert.equal(whyReserved(name), undefined));
}

for (const [name, reason] of [
  ['RANDOM', 'is a number to some shells, which run what stands in it'],
  ['OPTIND', 'is a number to some shells, which run what stands in it'],
  ['UID', "is the shell's own"],
  ['PATH', undefined],
  ['BASH_ENV', undefined],
  ['TOKEN', undefined],
  ['random', undefined],
] as const) {
  test(`a user ${reason === undefined ? 'may' : 'may not'} name a variable ${name}`, () => {
    assert.equal(whyTheShellsOwn(name), reason);
  });
}
