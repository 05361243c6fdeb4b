// The first JavaScript that runs in the binary, in the place of pkg's own bootstrap inside the base (build/adapt.ts).
// It differs from pkg's in four ways:
//  - NODE_* variables are taken out of the environment before Node acts on them (NODE_DEBUG prints requests,
//    NODE_V8_COVERAGE writes files, NODE_CHANNEL_FD opens one), and handed on as the job's;
//  - the binary finds itself without /proc, as a shell does: along PATH;
//  - no loaders of modules are set up, for the bundle is one script and needs none (a tenth of the time of a run);
//  - neither the user's home nor the working directory needs to exist.
// pkg's producer fills the placeholders in: it takes those in double quotes, which esbuild makes of all.
const {
  prepareWorkerThreadExecution,
  prepareMainThreadExecution,
} = require('internal/process/pre_execution');
if (internalBinding('worker').isMainThread) {
  const taken = {};
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('NODE_')) {
      taken[name] = process.env[name];
      delete process.env[name];
    }
  }
  const cwd = process.cwd;
  process.cwd = () => {
    try {
      return cwd();
    } catch {
      return '/';
    }
  };
  prepareMainThreadExecution(true, false);
  const fs = require('fs');
  const at = '// PAYLOAD_POSITION //' | 0;
  const cached = '// PAYLOAD_SIZE //' | 0;
  const size = cached + ('// PRELUDE_SIZE //' | 0);
  const bytes = Buffer.allocUnsafeSlow(size);
  const name = process.execPath;
  const folders = name.includes('/')
    ? ['']
    : (process.env.PATH || '').split(':').map((folder) => `${folder || '.'}/`);
  const found = folders.some((folder) => {
    try {
      const file = fs.openSync(folder + name, 'r');
      const mine = fs.fstatSync(file).size === at + size && fs.readSync(file, bytes, 0, size, at) === size;
      fs.closeSync(file);
      return mine;
    } catch {
      return false;
    }
  });
  if (found) {
    new (require('vm').Script)(bytes.latin1Slice(cached), {
      filename: 'civault',
      cachedData: cached ? bytes.subarray(0, cached) : undefined,
    }).runInThisContext()(process, require, console, taken);
  } else {
    process._rawDebug('civault: cannot find its own file: /proc is not mounted and PATH does not lead to it');
    // What a shell evaluates in place of the assignments (src/output/shell.ts).
    if (process.argv[2] === 'env') fs.writeSync(1, '(exit 1)\n');
    process.reallyExit(1);
  }
} else {
  prepareWorkerThreadExecution();
}
