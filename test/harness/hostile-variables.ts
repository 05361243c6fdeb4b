// The environment variables that Node.js, V8, libuv, OpenSSL, c-ares, ICU, pkg and both libcs read, each with a value that
// would do harm, or at least something, in a plain Node.js or another program.

/** A folder of a test's, and what is in it. */
export interface Traps {
  /** A place in the folder, whether or not there is anything. */
  readonly at: (name: string) => string;
  /** The CA that is not to be trusted. */
  readonly caFile: string;
}

export interface Hostile {
  readonly name: string;
  readonly value: string | ((traps: Traps) => string);
  /** What it would do where it is obeyed. */
  readonly would: string;
}

const at =
  (name: string) =>
  (traps: Traps): string =>
    traps.at(name);
const ca = ({ caFile }: Traps): string => caFile;

// ICU runs over the end of something, for a name of no locale that has some 25 letters.
const LONG = 'x'.repeat(300);

type Row = readonly [name: string, would: string, ...values: Hostile['value'][]];
const ROWS: readonly Row[] = [
  // Node.js, as `node --help` and its sources have them.
  ['NODE_CHANNEL_FD', 'talk to a descriptor, or stop where it is none', '1', '99'],
  ['NODE_CHANNEL_SERIALIZATION_MODE', 'choose how that is done', 'advanced'],
  ['NODE_CLUSTER_SCHED_POLICY', 'be read by cluster', 'none'],
  ['NODE_COMPILE_CACHE', 'write and run compiled code', at('cache')],
  ['NODE_COMPILE_CACHE_PORTABLE', 'be read with it', '1'],
  ['NODE_DEBUG', 'print requests, tokens and all', 'http,https,tls,net,fs,module', '*'],
  ['NODE_DEBUG_NATIVE', 'print what C++ does', 'tls,inspector_server,diagnostics,crypto'],
  ['NODE_DISABLE_COLORS', 'change what is printed', '1'],
  ['NODE_DISABLE_COMPILE_CACHE', 'be read with the cache', '1'],
  ['NODE_EXTRA_CA_CERTS', 'trust another CA', ca, '/nowhere'],
  ['NODE_ICU_DATA', 'load data, or stop where there is none', '/nowhere'],
  ['NODE_INSPECT_RESUME_ON_START', 'be read by the debugger', '1'],
  ['NODE_MANY_ACCEPTS', 'be read by servers', '1'],
  ['NODE_NO_READLINE', 'be read by the REPL', '1'],
  ['NODE_NO_WARNINGS', 'let warnings show', '0'],
  ['NODE_PATH', 'load modules from there', at('node_modules')],
  ['NODE_PENDING_DEPRECATION', 'print warnings', '1'],
  ['NODE_PENDING_PIPE_INSTANCES', 'be read on Windows', '99'],
  ['NODE_PRESERVE_SYMLINKS', 'find modules elsewhere', '1'],
  ['NODE_PRESERVE_SYMLINKS_MAIN', 'find the script elsewhere', '1'],
  ['NODE_REDIRECT_WARNINGS', 'write a file', at('written/warnings')],
  ['NODE_REPL_EXTERNAL_MODULE', 'run code', at('evil.js')],
  ['NODE_REPL_HISTORY', 'write a file', at('written/history')],
  ['NODE_REPL_HISTORY_SIZE', 'be read with it', '1'],
  ['NODE_REPL_MODE', 'be read by the REPL', 'strict'],
  ['NODE_SKIP_PLATFORM_CHECK', 'start on any machine', '1'],
  ['NODE_TEST_CONTEXT', 'print in a test runner’s form', 'child-v8', 'child'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', 'trust anybody, and print a warning', '0'],
  ['NODE_UNIQUE_ID', 'be a worker of a cluster', '1'],
  ['NODE_USE_ENV_PROXY', 'go through a proxy by itself', '1'],
  ['NODE_USE_SYSTEM_CA', 'trust the machine’s CAs besides', '1'],
  ['NODE_V8_COVERAGE', 'write files', at('written/coverage')],
  ['UNDICI_NO_FG', 'be read by fetch', '1'],
  ['WATCH_REPORT_DEPENDENCIES', 'send what is loaded to a parent', '1'],
  // How it is printed, where, and by which terminal.
  ['FORCE_COLOR', 'colour messages', '3', ''],
  ['NO_COLOR', 'change what is printed', '1'],
  ['COLORTERM', 'colour messages', 'truecolor'],
  ['TERM', 'colour messages', 'xterm-256color', 'dumb'],
  ['TERM_PROGRAM', 'colour messages', 'iTerm.app'],
  ['TERM_PROGRAM_VERSION', 'be read with it', '3.0'],
  ['TMUX', 'colour messages', '1'],
  ['TEAMCITY_VERSION', 'colour messages', '9.1'],
  ['CI', 'colour messages', 'true'],
  ['CI_NAME', 'colour messages', 'codeship'],
  ['JEST_WORKER_ID', 'be read by fetch', '1'],
  // Windows’ own, which Node.js names on every system.
  ['SystemRoot', 'be read on Windows', '/nowhere'],
  ['windir', 'be read on Windows', '/nowhere'],
  ['comspec', 'start another shell', at('evil.sh')],
  ['USERPROFILE', 'be taken for the home', at('home')],
  // minimatch and tools around V8 that are within Node.js.
  ['__MINIMATCH_TESTING_PLATFORM__', 'read paths as on Windows', 'win32'],
  ['ICU_ENABLE_TENTATIVE_ERA', 'change calendars', 'true'],
  ['ICU_TIMEZONE_FILES_DIR', 'load data', at('icu')],
  ['ICU_DATA', 'load data', at('icu')],
  [
    'SIMDUTF_FORCE_IMPLEMENTATION',
    'find no text to be UTF-8, or stop by SIGILL',
    'nosuch',
    'icelake',
    'fallback',
  ],
  // libuv.
  ['UV_THREADPOOL_SIZE', 'start as many threads', '0', '-1', '1', '1024', 'x'],
  ['UV_USE_IO_URING', 'use io_uring', '1', '0'],
  // OpenSSL.
  ['CTLOG_FILE', 'load a list of logs', at('openssl.cnf')],
  ['LEGACY_GOST_PKCS12', 'read PKCS 12 otherwise', '1'],
  ['OPENSSL_CONF', 'load a library, or stop where it is broken', at('openssl.cnf'), '/nowhere'],
  ['OPENSSL_CONF_INCLUDE', 'load a configuration', at('.')],
  ['OPENSSL_ENGINES', 'load a library', at('.')],
  ['OPENSSL_MODULES', 'load a library', at('.')],
  ['OPENSSL_MALLOC_FAILURES', 'let memory fail', '1@100'],
  ['OPENSSL_MALLOC_FD', 'write to a descriptor', '1'],
  ['OPENSSL_TRACE', 'print what is done', 'tls'],
  ['OPENSSL_WIN32_UTF8', 'be read on Windows', '1'],
  [
    'OPENSSL_ia32cap',
    'use what the processor cannot, and stop by SIGILL',
    '0xffffffffffffffff:0xffffffffffffffff',
    '0',
  ],
  ['OPENSSL_armcap', 'use what the processor cannot', '0xffffffff'],
  ['QLOGDIR', 'write what QUIC does', at('written')],
  ['OSSL_QFILTER', 'choose what of it', '+*'],
  ['RANDFILE', 'read or write a seed', at('written/rnd')],
  ['SSLKEYLOGFILE', 'write the keys of TLS', at('written/keys')],
  ['SSL_CIPHER', 'be read by s_client', 'NULL'],
  // c-ares.
  ['CARES_HOSTS', 'look names up there', at('hosts')],
  ['HOSTALIASES', 'look other names up', at('hosts')],
  ['LOCALDOMAIN', 'look other names up', 'evil.test'],
  ['RES_OPTIONS', 'ask otherwise', 'ndots:15 timeout:0 attempts:0 rotate'],
  // pkg.
  ['PKG_EXECPATH', 'run as plain Node.js, with any script', 'PKG_INVOKE_NODEJS', '/nowhere'],
  ['PKG_NATIVE_CACHE_PATH', 'write files', at('written')],
  ['PKG_CACHE_PATH', 'write files', at('written')],
  ['PKG_DEBUG', 'print what is done', '1'],
  ['DEBUG_PKG', 'print what is done', '1', '2'],
  ['SIZE_LIMIT_PKG', 'print what is done', '1'],
  ['FOLDER_LIMIT_PKG', 'print what is done', '1'],
  // Both libcs, musl's first.
  ['MUSL_LOCPATH', 'load translations', at('.')],
  ['LANG', 'speak another language, or stop by SIGSEGV', 'tr_TR.UTF-8', LONG],
  ['LANGUAGE', 'speak another language', 'tr'],
  ['LC_ALL', 'speak another language, or stop by SIGSEGV', 'tr_TR.UTF-8', at('.'), LONG],
  ['LC_CTYPE', 'speak another language', 'ja_JP.SJIS', LONG],
  ['LC_MESSAGES', 'speak another language, or stop by SIGSEGV', 'de_DE', LONG],
  ['TZ', 'show another time', 'Pacific/Apia', (traps) => `:${traps.at('evil.js')}`, ':/dev/full', LONG, ''],
  ['TZDIR', 'find other times', at('.')],
  ['TMPDIR', 'write files there', '/nowhere', ''],
  ['TMP', 'write files there', '/nowhere'],
  ['TEMP', 'write files there', '/nowhere'],
  ['TEMPDIR', 'write files there', '/nowhere'],
  ['HOME', 'find files there', '/nowhere', ''],
  ['LD_PRELOAD', 'run code', at('evil.so')],
  ['LD_AUDIT', 'run code', at('evil.so')],
  ['LD_LIBRARY_PATH', 'run code', at('.')],
  ['LD_BIND_NOW', 'load all at once', '1'],
  ['LD_DEBUG', 'print what is loaded', 'all'],
  ['LD_DEBUG_OUTPUT', 'write files', at('written/ld')],
  ['LD_ORIGIN_PATH', 'run code', at('.')],
  ['LD_PROFILE', 'write files', 'libc.so.6'],
  ['LD_PROFILE_OUTPUT', 'write files', at('written')],
  ['LD_SHOW_AUXV', 'print the start’s vector', '1'],
  ['LD_TRACE_LOADED_OBJECTS', 'print libraries, and run nothing', '1'],
  ['LD_USE_LOAD_BIAS', 'load elsewhere', '1'],
  ['GCONV_PATH', 'run code', at('.')],
  ['GETCONF_DIR', 'run code', at('.')],
  ['GLIBC_TUNABLES', 'change how memory is had', 'glibc.malloc.check=3'],
  ['GLIBCXX_TUNABLES', 'change how memory is had', 'glibcxx.eh_pool.obj_count=0'],
  ['GMON_OUT_PREFIX', 'write files', at('written/gmon')],
  ['LOCPATH', 'load translations', at('.')],
  ['NLSPATH', 'load translations', at('%N')],
  ['MALLOC_ARENA_MAX', 'change how memory is had', '1'],
  ['MALLOC_CHECK_', 'stop at a fault', '3'],
  ['MALLOC_CONF', 'print statistics', 'stats_print:true'],
  ['MALLOC_PERTURB_', 'fill memory', '85'],
  ['MALLOC_TRACE', 'write a file', at('written/mtrace')],
  ['SEGFAULT_SIGNALS', 'print registers', 'all'],
];

/** One for each value. NODE_OPTIONS is in node-options.test.ts. */
export const HOSTILE: readonly Hostile[] = ROWS.flatMap(([name, would, ...values]) =>
  values.map((value) => ({ name, value, would })),
);

/** Those that count, and where that is proven. */
export const HONOURED: ReadonlyMap<string, string> = new Map([
  ['SSL_CERT_FILE', 'trust.test.ts'],
  ['SSL_CERT_DIR', 'trust.test.ts'],
  ...['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [
    [name, 'proxy.test.ts'] as const,
    [name.toUpperCase(), 'proxy.test.ts'] as const,
  ]),
  // Where the binary finds itself without /proc, and exec its command.
  ['PATH', 'surroundings.test.ts'],
  ['NODE_OPTIONS', 'node-options.test.ts'],
]);
