// The prelude of a binary that is built only to be run once (build/built-ins.ts): it compiles modules of Node's own, every
// function of them, and writes down V8's code cache of each.
const { modules, output } = JSON.parse(process.env.BUILT_INS);
const PARAMETERS = ['exports', 'require', 'module', 'process', 'internalBinding', 'primordials'];

require('internal/modules/cjs/loader').Module.runMain = () => {
  const { compileFunction } = require('vm');
  const { setFlagsFromString } = require('v8');
  // Node has no other name for its sources. In what is published nothing asks for it.
  const sources = process.binding('natives');
  const compile = (id, options) =>
    compileFunction(sources[id], PARAMETERS, { filename: `node:${id}`, ...options });
  const caches = {};
  for (const id of modules) {
    setFlagsFromString('--no-lazy');
    const { cachedData } = compile(id, { produceCachedData: true });
    setFlagsFromString('--lazy');
    if (compile(id, { cachedData }).cachedDataRejected)
      throw new Error(`V8 does not take its code cache of ${id}`);
    caches[id] = cachedData.toString('base64');
  }
  const lengths = Object.fromEntries(
    Object.entries(sources).map(([id, source]) => [id, String(source).length]),
  );
  require('fs').writeFileSync(output, JSON.stringify({ caches, lengths }));
  process.reallyExit(0);
};
