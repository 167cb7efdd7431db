// Scripts for the launcher, of the ES modules that esbuild splits src/ into. Node 20 takes no code cache for such modules:
// each chunk becomes a CommonJS module first, which esbuild makes a function of, and V8 does not parse a function whole
// before it is called. What a run does not import costs it the reading and nothing else; what lies in a script that it
// does not enter costs nothing.

import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/**
 * `chunks` are {name, code, script}, code as `toCommonJs` makes it; `entry` is the name of the first of all, which is in
 * `scripts[0]`. Resolves to esbuild's output files.
 */
export async function packScripts({ chunks, entry, scripts, options }) {
  const all = new Map(chunks.map((chunk) => [chunk.name, chunk]));
  const lent = listLent(all);
  const pack = async (script) => {
    const setup = ({ onResolve, onLoad }) => {
      onResolve({ filter: /^start$/ }, ({ path }) => ({ path, namespace: 'start' }));
      onLoad({ filter: /./, namespace: 'start' }, () => {
        const main = script === scripts[0] ? `exports.main=require("./${entry}.js").main;` : '';
        return { contents: main + describeLent(lent, script) };
      });
      onResolve({ filter: /^\.\/\w+(-\w+)*\.js$/ }, ({ path }) => {
        const chunk = all.get(basename(path, '.js'));
        return { path: chunk.name, namespace: chunk.script === script ? 'chunk' : 'borrowed' };
      });
      onLoad({ filter: /./, namespace: 'chunk' }, ({ path }) => ({ contents: all.get(path).code }));
      // One instance of each chunk, whichever script has it.
      onLoad({ filter: /./, namespace: 'borrowed' }, ({ path }) => ({
        contents: `module.exports=require("./${all.get(path).script}.cjs").chunks[${JSON.stringify(path)}]`,
      }));
      onResolve({ filter: /\.cjs$/ }, ({ path }) => ({ path, external: true }));
    };
    const { outputFiles } = await build({
      ...options,
      entryPoints: [{ in: 'start', out: script }],
      banner: { js: prelude },
      format: 'cjs',
      plugins: [{ name: 'chunks', setup }],
    });
    return outputFiles;
  };
  return (await Promise.all(scripts.map(pack))).flat();
}

/** Chunks that another script than their own asks for. */
function listLent(all) {
  const lent = new Set();
  for (const { code, script } of all.values()) {
    for (const [, name] of code.matchAll(/require\("\.\/([\w-]+)\.js"\)/g)) {
      if (all.get(name).script !== script) lent.add(all.get(name));
    }
  }
  return [...lent].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function describeLent(lent, script) {
  const getters = lent
    .filter((chunk) => chunk.script === script)
    .map(({ name }) => `get ${JSON.stringify(name)}(){return require("./${name}.js")}`);
  return `exports.chunks={${getters.join(',')}}`;
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
