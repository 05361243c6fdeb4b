// The prelude of a binary that is built only to be run once (build/rehearsal.ts): it compiles the real one, runs commands
// of it one after another, in this one process, and writes down what V8 has compiled by then.
const JOB_NODE_VARIABLES = EXECPATH_FD;
const { text, cache, commands } = JSON.parse(process.env.REHEARSAL);
delete process.env.REHEARSAL;

require('internal/modules/cjs/loader').Module.runMain = async function rehearse() {
  const fs = require('fs');
  const script = new (require('vm').Script)(fs.readFileSync(text, 'latin1'), { filename: 'civault' });
  const load = script.runInThisContext();
  for (const args of commands) {
    const status = await new Promise((ended) => {
      process.exit = ended;
      process.argv.splice(2, process.argv.length, ...args);
      load(process, require, console, JOB_NODE_VARIABLES);
      require('internal/modules/cjs/loader').Module.runMain();
    });
    if (status !== 0) process.reallyExit(status);
    for (const name of process.eventNames()) process.removeAllListeners(name);
  }
  fs.writeFileSync(cache, script.createCachedData());
  process.reallyExit(0);
};
