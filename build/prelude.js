// What the bootstrap (build/bootstrap.js) runs: the bundle, in place of pkg's virtual file system, which asks for the
// user's home before any other code runs. pkg's producer wraps it in a function of six parameters; the fourth is what
// the bootstrap took from the environment.
//
// For speed, the bundle stands in functions with the keyword and in parentheses: V8 compiles such a one at once. Else it
// reads the whole bundle once more, only to find where it ends (8 ms of 45).
//
// What Node runs as its main module is exchanged where Node itself looks for it: `node:module` would load three modules more.
const JOB_NODE_VARIABLES = EXECPATH_FD;
// biome-ignore format: as said above
// biome-ignore lint/complexity/useArrowFunction: as said above
require('internal/modules/cjs/loader').Module.runMain = (function () {
  // Inside the base, built-in modules go by their names without `node:`.
  const builtin = (name) => require(name.replace(/^node:/, ''));
  // biome-ignore lint/complexity/useArrowFunction: as said above
  (function (require) {
    // %BUNDLE%
  })(builtin);
});
