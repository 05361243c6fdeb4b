// What the bootstrap (build/bootstrap.js) runs: the bundle, in place of pkg's virtual file system, which asks for the
// user's home before any other code runs. pkg's producer wraps it in a function of six parameters; the fourth is what
// the bootstrap took from the environment.
const JOB_NODE_VARIABLES = EXECPATH_FD;
require('module').runMain = () => {
  // Inside the base, built-in modules go by their names without `node:`.
  const builtin = (name) => require(name.replace(/^node:/, ''));
  ((require) => {
    // %BUNDLE%
  })(builtin);
};
