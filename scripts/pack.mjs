// Two scripts for the launcher, of the ES modules that esbuild splits src/ into. Node 20 takes no code cache for such
// modules: each chunk becomes a CommonJS module first, which esbuild makes a function of, and V8 does not parse a
// function whole before it is called. What a run does not import costs it the reading and nothing else.

import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/**
 * `chunks` are {name, code, isOfEngine}, code as `toCommonJs` makes it; `entry` and `door` are the names of the first of all and
 * of the one by which the engine is entered. Resolves to esbuild's output files of tcompose.cjs and engine.cjs.
 */
export async function packScripts({ chunks, entry, door, options }) {
  const borrowed = new Set();
  const pack = async (file, isOfEngine, describeEntry) => {
    const own = new Map(
      chunks.filter((chunk) => chunk.isOfEngine === isOfEngine).map((chunk) => [chunk.name, chunk]),
    );
    const setup = ({ onResolve, onLoad }) => {
      onResolve({ filter: /^start$/ }, ({ path }) => ({ path, namespace: 'start' }));
      onLoad({ filter: /./, namespace: 'start' }, () => ({ contents: describeEntry() }));
      onResolve({ filter: /^\.\/\w+(-\w+)*\.js$/ }, ({ path }) => {
        const name = basename(path, '.js');
        if (own.has(name)) return { path: name, namespace: 'chunk' };
        if (!isOfEngine && name === door) return { path: './engine.cjs', external: true };
        if (!isOfEngine) return { errors: [{ text: `${name} is of the engine, and not its door` }] };
        borrowed.add(name);
        return { path: name, namespace: 'borrowed' };
      });
      onLoad({ filter: /./, namespace: 'chunk' }, ({ path }) => ({ contents: own.get(path).code }));
      onLoad({ filter: /./, namespace: 'borrowed' }, ({ path }) => ({
        contents: `module.exports=require("./tcompose.cjs").chunks[${JSON.stringify(path)}]`,
      }));
      onResolve({ filter: /\.cjs$/ }, ({ path }) => ({ path, external: true }));
    };
    const { outputFiles } = await build({
      ...options,
      entryPoints: [{ in: 'start', out: file }],
      banner: { js: prelude },
      format: 'cjs',
      plugins: [{ name: 'chunks', setup }],
    });
    return outputFiles;
  };
  const engine = await pack('engine', true, () => `module.exports=require("./${door}.js")`);
  // The engine's chunks share those of the first script: one instance of each.
  const getters = [...borrowed]
    .sort()
    .map((name) => `get ${JSON.stringify(name)}(){return require("./${name}.js")}`);
  const start = `exports.main=require("./${entry}.js").main;exports.chunks={${getters.join(',')}}`;
  return [...engine, ...(await pack('tcompose', false, () => start))];
}

/** A chunk, an ES module with its inline source map, as CommonJS. */
export async function toCommonJs(text) {
  const { code } = await transform(text, {
    target: 'node20.19',
    charset: 'ascii',
    format: 'cjs',
    // An import() that is left would ask the launcher's script for a loader of modules.
    supported: { 'dynamic-import': false },
    sourcemap: 'inline',
    sourcesContent: false,
  });
  return exposeOnce(code);
}

/**
 * esbuild begins each chunk with functions of its own, and gives an export by two getters, one for ES modules and one for
 * CommonJS. Where everybody who imports has been made by esbuild, one getter is enough, and one copy of each function: `prelude`.
 * Lines stay where they are, for the source map.
 */
function exposeOnce(code) {
  const opening = 'var stdin_exports = {};\n__export(stdin_exports, ';
  const closing = ');\nmodule.exports = __toCommonJS(stdin_exports);';
  const start = code.indexOf(opening);
  const end = code.indexOf(closing, start);
  if (start === -1 && !code.includes('__toCommonJS(')) return code;
  if (start === -1 || end === -1)
    throw new Error('esbuild gives exports in a way that scripts/pack.mjs does not know');
  const lines = code.slice(0, start + opening.length).split('\n').length - 1;
  const getters = code.slice(start + opening.length, end);
  return `${'\n'.repeat(lines)}__expose(exports, ${getters});\n${code.slice(end + closing.length)}`;
}

/** What the chunks of a script share; they name it as globals. */
const prelude = await minify(`
const bundleUrl = "file://" + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);
const __expose = (exports, getters) => {
  Object.defineProperty(exports, "__esModule", { value: true });
  for (const name in getters) Object.defineProperty(exports, name, { get: getters[name], enumerable: true });
};
const __toESM = (module, isNodeMode) => {
  const given = module == null ? {} : Object.create(Object.getPrototypeOf(module));
  if (isNodeMode || !module || !module.__esModule) Object.defineProperty(given, "default", { value: module, enumerable: true });
  for (const name of Object.getOwnPropertyNames(module ?? {})) {
    if (!Object.hasOwn(given, name)) Object.defineProperty(given, name, { get: () => module[name], enumerable: true });
  }
  return given;
};`);

async function minify(text) {
  return (await transform(text, { minifyWhitespace: true, minifySyntax: true })).code.trim();
}
