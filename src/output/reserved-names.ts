// Variables that no field of a secret may set, and the few that nobody may: their names, and why.

type Rule = readonly [reason: string, holds: (name: string) => boolean];

/** Names and patterns of names, with white space between them. Made when first asked: most runs ask for few. */
function rule(reason: string, names: string): Rule {
  let pattern: RegExp | undefined;
  return [
    reason,
    (name) => {
      pattern ??= new RegExp(`^(?:${names.split(/\s+/).join('|')})$`);
      return pattern.test(name);
    },
  ];
}

// Some shell makes something of its own of these: it refuses to set them, or takes the value for arithmetic, in which
// `a[$(command)]` runs the command (bash, mksh and zsh). They are refused to the user as well.
const SHELLS_OWN: readonly Rule[] = [
  rule(
    "is the shell's own",
    '_ E?UID E?GID PPID GROUPS LINENO DIRSTACK FUNCNAME SHLVL PIPESTATUS BASHPID KSH(E?UID|E?GID)',
  ),
  rule(
    'is a number to some shells, which run what stands in it',
    `S?RANDOM SECONDS EPOCH(SECONDS|REALTIME) OPTIND OPTERR HISTCMD HIST(FILE)?SIZE SAVEHIST TMOUT LINES
    COLUMNS MAILCHECK LISTMAX LOGCHECK KEYTIMEOUT DIRSTACKSIZE FUNCNEST BAUD ARGC ERRNO PGRP USER_ID
    PERIOD TTYIDLE REPORT(TIME|MEMORY) TRY_BLOCK_(ERROR|INTERRUPT) MBEGIN MEND ZSH_SUBSHELL
    COMP_(CWORD|POINT) ZLE_RPROMPT_INDENT PROMPT_DIRTRIM`,
  ),
];

// Whoever can write a secret chooses its fields' names. These would let them run code in the job, write its files, or
// send its traffic or its credentials elsewhere. A name that the *user* writes is not held to this list. It is never
// complete: it holds what the manuals of the programs in CI images say, and patterns for more of their kind.
const RESERVED: readonly Rule[] = [
  ...SHELLS_OWN,
  rule(
    'decides which programs run',
    'PATH CDPATH FPATH MANPATH INFOPATH COMSPEC SHELL CONFIG_SHELL EXECSHELL MAKESHELL ARGV0',
  ),
  rule(
    'steers the shell',
    `IFS ENV BASH_.* SHELLOPTS BASHOPTS ZDOTDIR PS[0-4] PROMPT_COMMAND GLOBIGNORE EXECIGNORE
    POSIXLY_CORRECT INPUTRC MODULE_PATH HISTFILE STTY TMPPREFIX`,
  ),
  rule('decides where programs keep and find their files', 'HOME PWD OLDPWD TMPDIR TMP TEMP XDG_.*'),
  // A D-Bus address can be a command, and tar, zip and their like take options by a variable, a command among them.
  rule(
    'names a program that others start',
    `(.*_|MAN)?(PAGER|EDITOR|BROWSER) VISUAL FCEDIT SENDMAIL .*_ASKPASS(_.*)? .*PASSCOMMAND
    .*_(COMMAND|CMD|EXEC|HELPER) .*_(BINARY|EXECUTABLE|WRAPPER) .*_BINARY_(PATH|HOST|SITE|MIRROR) .*_RSH
    .*_PLUGINS?_(PATH|DIR) (READ)?NULLCMD CHROME_(BIN|PATH) PUPPETEER_.* DBUS_.* TAR_OPTIONS TAPE GZIP
    BZIP2? XZ_(OPT|DEFAULTS) (UN)?ZIP(OPT)? ZIPINFO(OPT)?`,
  ),
  rule(
    'has programs load code or configuration',
    `MYSQL_HOME LIBMYSQL_.* (GTK|GIO)_.* QT_.* GST_.* COMPOSER_HOME PSMODULEPATH AWK(LIB)?PATH TERMINFO.*
    TERMCAP LESS(_.*|OPEN|CLOSE|KEY.*|EDIT|ECHO|HISTFILE|SECURE.*)? MANOPT MANROFF.* GROFF_.* G?VIMINIT
    VIM(RUNTIME)? MYG?VIMRC NVIM.* EXINIT EMACS(LOAD)?PATH MAILRC SCREENRC APT_CONFIG RPM_CONFIGDIR
    ODBC.*INI .*_CONFIG_PATH BC_ENV_ARGS FZF_.* PG(SYSCONFDIR|SERVICEFILE|PASSFILE|LOCALEDIR) PSQLRC
    TNS_ADMIN ORACLE_HOME REDISCLI_(RC|HIST)FILE LDAP(RC|CONF) LDAPTLS_.* SASL_(CONF_)?PATH`,
  ),
  rule('steers the dynamic linker', 'LD_.* DYLD_.* LIBPATH SHLIB_PATH QEMU_.*'),
  rule(
    'steers libc',
    `GCONV_PATH GETCONF_DIR MALLOC_.* GLIBC_.* MUSL_.* LOCPATH NLSPATH LANG LC_.* TEXTDOMAIN.* HOSTALIASES
    RES_OPTIONS RESOLV_.* LOCALDOMAIN TZDIR [A-Z]{1,3}SAN_OPTIONS`,
  ),
  rule(
    'steers TLS or the network',
    `SSL_(CERT_.*|DIR|CA_.*|NO_.*|VERIFY.*) SSLKEYLOGFILE OPENSSL_.* QLOGDIR CTLOG_FILE GNUTLS_.* NSS_.*
    P11_KIT_.* PKCS11_.*PATH CURL_.* .*_CA_BUNDLE KRB5.* CONTAINER_(HOST|CONNECTION|SSHKEY|TLS_.*)
    .*_PROXY (SYSTEM_)?WGETRC WGET2RC NETRC .*_EMULATOR_HOST OTEL_EXPORTER_.*ENDPOINT
    OTEL_(PYTHON|JAVAAGENT|NODE)_.*`,
  ),
  rule(
    'belongs to GitLab, to Vault or to civault',
    `CI CI_.* GITLAB_(CI|FEATURES|TOKEN|HOST|API_HOST|URI|USER_.*) FF_.* RUNNER_.* VAULT_.* BAO_.*
    CIVAULT_.*`,
  ),
];

// Held as the list above, but for names that end like a credential: NPM_TOKEN or GIT_PASSWORD steer nothing.
const RESERVED_TOOLS: readonly Rule[] = [
  rule(
    'steers Node.js',
    `NODE_.* NPM_.* YARN_.* PNPM_.* DENO_.* JSR_URL BUN_.* ELECTRON_.* COREPACK_.* NVM_.* VOLTA_.* FNM_.*
    TS_NODE_.* TSX_.* BABEL_.* JEST_.* MOCHA_.* NYC_.* CYPRESS_(RUN|INSTALL|DOWNLOAD|CACHE)_.*
    PLAYWRIGHT_.* LERNA_.* NX_.* TURBO_(API|LOGIN|CACHE.*|BINARY.*) PRISMA_.*(ENGINE|BINARY|MIRROR).*
    SENTRYCLI_.* SASS_.*`,
  ),
  rule(
    'steers Python',
    `_?PYTHON.* PIP_.* PIPX_.* PIPENV_.* UV_.* POETRY_.* PDM_.* HATCH_.* TWINE_.* PYENV_.* PYTEST_.* TOX_.*
    NOX_.* MYPY.* RUFF_.* COVERAGE_.* VIRTUAL_ENV CONDA_.* MAMBA_.* IPYTHONDIR JUPYTER_.* MPLBACKEND
    MPLCONFIGDIR DISTUTILS_.* SETUPTOOLS_.* DJANGO_SETTINGS_MODULE FLASK_(APP|ENV|DEBUG|RUN_.*)
    GUNICORN_CMD_ARGS CELERY_(APP|LOADER|CONFIG.*) PRE_COMMIT_.*`,
  ),
  rule(
    'steers an interpreter',
    `ERL_.* ELIXIR_.* MIX_.* HEX_.* REBAR_.* PERL(5.*|LIB|IO.*|DB.*|DOC.*|_.*) HARNESS_.*
    DBI_(AUTOPROXY|TRACE|DRIVER|PUREPERL|PROFILE) RUBY.* GEM_.* GEMRC BUNDLER?_.* RAKE(OPT|_.*) RBENV_.*
    RVM_.* IRBRC SPEC_OPTS TESTOPTS? JRUBY_.* LUA_.* LUAROCKS_.* TCL.* GUILE_.* PHPRC
    PHP_(INI_.*|CS_FIXER_.*|PEAR_.*|COMMAND) COMPOSER(_(?!AUTH$).*)? XDEBUG_.* WP_CLI_.*
    R_(HOME|PROFILE|ENVIRON|LIBS).* JULIA_.* OCAML.* OPAM.* GHC.* CABAL_.* STACK_(ROOT|YAML|CONFIG)
    DART_.* PUB_.* FLUTTER_.* POWERSHELL_.*`,
  ),
  rule(
    'steers Java',
    `JAVA_.* JAVAC?(CMD.*)? _JAVA_.* .*_(JAVA|JVM)_(OPTS|OPTIONS|ARGS) JDK_.* JRE_HOME CLASSPATH JPDA_.*
    MAVEN_.* M2(_.*)? MVN.* GRADLE_.* ORG_GRADLE_.* ANT_.* SBT_.* COURSIER_.* SCALA_.* KOTLIN_.* GROOVY_.*
    LEIN_.* CATALINA_.* JVM_.* LOG4J_.* LOGGING_CONFIG
    SPRING_(APPLICATION_JSON|CONFIG_.*|MAIN_.*|CLOUD_BOOTSTRAP.*) SONAR_(SCANNER|RUNNER)_.*
    SONAR_USER_HOME SONAR_.*JAVA.*OPTS`,
  ),
  rule(
    'steers git, ssh or gpg',
    `GIT_(?!(USER|URL|HOST|EMAIL|KEY|SSH_KEY)$).*
    SSH_(ASKPASS.*|AUTH_.*|AGENT_.*|SK_.*|PKCS11_.*|USE_.*|ORIGINAL_.*) SSH SVN_SSH
    HG(RCPATH|MERGE|PLAIN.*|ENCODING) GPG_(AGENT_.*|TTY) GNUPGHOME PINENTRY_.* PASSWORD_STORE_.* GH_.*
    GLAB_.* RSYNC_.* BORG_REMOTE_PATH`,
  ),
  // GOAUTH, GOCACHEPROG and GOPACKAGESDRIVER name programs.
  rule(
    'steers Go',
    `GO(FLAGS|PATH|ROOT.*|PROXY|NOPROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE|ENV|BIN|CACHE(PROG)?|MODCACHE|WORK|DEBUG|AUTH)
    GO(TOOLCHAIN|TOOLDIR|VCS|OS|ARCH|ARM|AMD64|EXE|TMPDIR|EXPERIMENT|COVERDIR|PACKAGESDRIVER|TRACEBACK|GC|FIPS140|111MODULE|_.*)
    CGO_.* GOLANGCI_.*`,
  ),
  // Every variable is a property to MSBuild, and some properties name a file of targets to run.
  rule(
    'steers .NET',
    `DOTNET_.* COMPLUS_.* CORECLR_.* COR_.* COREHOST_.* NUGET_.* MSBUILD.* ASPNETCORE_.* VSTEST_.*
    RESTORE[A-Z]+ [A-Z]+TOOL(PATH|EXE) CUSTOM(BEFORE|AFTER)[A-Z]+ DIRECTORY(BUILD|PACKAGES|SOLUTION)[A-Z]+
    (BEFORE|AFTER|ALTERNATE)[A-Z]*(PROPS|TARGETS)`,
  ),
  rule(
    'steers a build',
    `CARGO_.* RUST.* S?CCACHE_.* DISTCC_.* CC CXX CPP AS AR LD NM RM STRIP RANLIB OBJC(XX)? FC F77 M4 YACC
    LEX LINT MAKEINFO PROTOC (C|CPP|CXX|LD|F|FC|AR|AS|OBJC)FLAGS (HOST|TARGET)_(CC|CXX|AR|C(XX)?FLAGS)
    (CC|CXX|AR|C(XX)?FLAGS)_(X86|AARCH|ARM|I686).* (LD)?LIBS GCC_.* COLLECT_.* CLANG_.* CCC_.* LLVM_.*
    GCOV_.* DEPENDENCIES_OUTPUT COMPILER_PATH (C|OBJC|CPLUS)_INCLUDE_PATH CPATH LIBRARY_PATH PKG_CONFIG.*
    CONFIG_SITE ACLOCAL.* AUTO(CONF|MAKE|M4TE|HEADER) LIBTOOL.* (GNU)?MAKE(FLAGS|FILES|OVERRIDES)? MFLAGS
    CMAKE_.* CTEST_.* CPACK_.* NINJA.* MESON.* BAZEL.* CONAN_.* VCPKG_.* NIX_.* GUIX_.* HOMEBREW_.*
    ASDF_.* MISE_.* DIRENV_.* SDKMAN_.* VALGRIND_.* DPKG_.* APK_.* DEVELOPER_DIR SDKROOT
    ANDROID_(HOME|SDK_.*|NDK_.*|USER_HOME|AVD_HOME)`,
  ),
  rule(
    'steers a tool for containers',
    `DOCKER_(HOST|CONFIG|CONTEXT|CERT_PATH|TLS.*|API_VERSION|AUTH_CONFIG|CLI_.*|DEFAULT_.*|CONTENT_.*|BUILDKIT)
    DOCKER_(CUSTOM_.*|TMPDIR|OPTS) COMPOSE_.* BUILDKITD?_.* BUILDX_.* BUILDAH_.* CONTAINERS_.* PODMAN_.*
    NERDCTL_.* STORAGE_(DRIVER|OPTS) REGISTRY_AUTH_FILE REGISTRIES_CONFIG_PATH KANIKO_.* SIGSTORE_.*
    TUF_.* COSIGN_(REPOSITORY|EXPERIMENTAL|MIRROR|ROOT)`,
  ),
  rule(
    'steers a scanner',
    `TRIVY_(MODULE.*|INSECURE|SERVER|CONFIG.*|CACHE.*|DB_.*|JAVA_DB.*|PLUGIN.*|IGNORE.*|SKIP_.*|EXIT_.*|SEVERITY|OUTPUT.*)
    TRIVY_(TEMPLATE|FORMAT|INPUT|IMAGE_.*|SCANNERS|PKG_.*|VEX|POLICY.*|CHECKS_.*|SECRET_CONFIG|TF_.*|HELM_.*|CUSTOM_.*|REKOR_URL)
    TRIVY_.*(_HOST|REPOSITORY) GRYPE_.* SYFT_.* SNYK_(API|CFG_.*|CONFIG.*) SEMGREP_.* GITLEAKS_CONFIG.*
    RENOVATE_.*`,
  ),
  rule(
    'steers a deployment tool',
    `KUBE.* KREW_.* KUSTOMIZE_.* HELM_(BIN|.*HOME|PLUGINS|KUBE.*|REGISTRY_CONFIG|REPOSITORY_C.*|SECRETS_.*)
    HELMFILE_.* ARGOCD_OPTS SOPS_.*FILE TF_(?!TOKEN_).* TERRAFORM_CONFIG TERRAGRUNT_.*
    TG_(TF_.*|.*CONFIG|.*_DIR) TFENV_.* PULUMI_.* PACKER_.* VAGRANT_.* ANSIBLE_.* CLOUDSDK_.*
    BOTO(CORE)?_.* GOOGLE_APPLICATION_CREDENTIALS GOOGLE_(EXTERNAL_.*|.*_ENDPOINT) GCE_METADATA_.*
    AWS_(CONFIG|SHARED|ENDPOINT|CONTAINER|EC2_METADATA|CLI|SDK|WEB_IDENTITY)_.*
    AWS_(DATA_PATH|(DEFAULT_)?PROFILE)
    AZURE_(CONFIG_DIR|EXTENSION_.*|AUTHORITY_HOST|CORE_.*|CLOUD_.*|FEDERATED_TOKEN_FILE)
    ARM_(METADATA_.*|MSI_.*|OIDC_REQUEST_URL) (MSI|IDENTITY|IMDS)_ENDPOINT RCLONE_.*`,
  ),
];

const LIKE_A_CREDENTIAL =
  /(TOKENS?|PASSWORD|PASSWD|PASSPHRASE|USERNAME|SECRET|(API|PRIVATE|PUBLIC|ACCESS|SIGNING|DEPLOY)_KEY|KEY_ID|CLIENT_ID)$/;

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

function reasonIn(list: readonly Rule[], name: string): string | undefined {
  return list.find(([, holds]) => holds(name))?.[0];
}
