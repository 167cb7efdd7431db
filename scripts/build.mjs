// `npm run build`: src/ into scripts of small chunks, with source maps and V8 code caches: dist/tcompose.cjs, which every run
// reads, and others that are read when something of them is wanted. A run evaluates, and its code caches hold, the chunks
// that it imports and no others. Packages that few runs need are files of their own. `--analyze` prints what is in the
// scripts.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeMetafile, build } from 'esbuild';
import { packScripts, toCommonJs } from './pack.mjs';

const requireBuiltin = createRequire(import.meta.url);

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(top, 'dist');
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));

/** Packages that few runs need: files of their own, read when they are imported. */
const detached = { '@oclif/core': 'oclif', listr2: 'listr2', execa: 'execa', fzstd: 'fzstd' };

/** What every run reads, and all that the others have in common. */
const mainScript = 'tcompose';

/**
 * The other scripts, by the rooms that they have; the first that fits counts. `engine` is what looks and decides, for which
 * the same command asks again and again; `work` is what is needed when there is something to do; `watch` is one command's.
 */
const rooms = {
  watch:
    /^src\/(app\/watch\/|engine\/source\/(?!source-operations)|plan\/watch-|ui\/watch-|cli\/(commands\/watch|watch-output)\.)/,
  build: /^src\/(build\/|image\/(build-store|commit-images)\.|engine\/build\/build-operations\.)/,
  work: new RegExp(
    '^src/(engine/(build|container|copy|execute|network|port|remote|service|sweep)/(?!remnant|freeze|file-objects|locate|needs)' +
      '|image/(archive|layer|step-cache|registry)/(?!endpoint|settings)' +
      '|runtime/(?!capabilities|endpoint-options|native|resolver-config|rlimits|signals|start-answer|unsupported|accounts))',
  ),
  engine: /^src\/(engine|runtime|image|build)\//,
};

const shared = {
  absWorkingDir: top,
  bundle: true,
  write: false,
  outdir: dist,
  platform: 'node',
  target: 'node20.19',
  charset: 'ascii',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

const main = await build({
  ...shared,
  entryPoints: [{ in: 'src/cli/main.ts', out: 'main' }],
  // Chunks are made for this format only; `pack` makes functions of them.
  format: 'esm',
  splitting: true,
  chunkNames: '[hash]',
  entryNames: '[name]-[hash]',
  sourcemap: 'inline',
  sourcesContent: false,
  external: ['*.node'],
  define: {
    TCOMPOSE_VERSION: JSON.stringify(version),
    'import.meta.url': 'bundleUrl',
  },
  plugins: [
    { name: 'lazy builtins', setup: makeBuiltinsLazy },
    { name: 'detached packages', setup: detachPackages },
    { name: 'modules of yaml', setup: useModulesOfYaml },
  ],
});

const packages = await build({
  ...shared,
  entryPoints: Object.entries(detached).map(([name, out]) => ({ in: name, out })),
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  minifySyntax: true,
  minifyWhitespace: true,
  // oclif looks for a compiler of commands written in TypeScript; ours are compiled.
  external: ['typescript'],
});

mkdirSync(dist, { recursive: true });
// The launcher trusts a cache only where nobody else can write, whatever the umask.
chmodSync(dist, 0o755);
// Neither a cache of another bundle nor a file of an older build is of use to this one.
for (const name of readdirSync(dist)) rmSync(join(dist, name), { recursive: true });
for (const { path, text } of packages.outputFiles) write(path, text);
await writeScripts();
const inputs = { ...main.metafile.inputs, ...packages.metafile.inputs };
write(join(dist, 'LICENSES.txt'), gatherLicenses(Object.keys(inputs)));
warmUp();
if (process.argv.includes('--analyze')) console.log(await analyzeMetafile(main.metafile));

function detachPackages({ onResolve }) {
  for (const [name, file] of Object.entries(detached)) {
    onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: `./${file}.cjs`, external: true }));
  }
}

/**
 * The package has two builds. That for Node prints what it reads where LOG_STREAM or LOG_TOKENS is in the environment, names
 * that belong to users; and it is seventy CommonJS modules, where the other one's become one, without what nobody imports.
 */
function useModulesOfYaml({ onResolve }) {
  const path = join(top, 'node_modules/yaml/browser/dist/index.js');
  onResolve({ filter: /^yaml$/ }, () => ({ path, sideEffects: false }));
}

/** Builtins that cost more than a millisecond to load are loaded when something of them is used, not when it is imported. */
function makeBuiltinsLazy({ onResolve, onLoad }) {
  const costly =
    /^(node:)?(crypto|net|tty|tls|http|https|zlib|child_process|stream|stream\/promises|fs\/promises|readline)$/;
  onResolve({ filter: costly }, ({ path, namespace, kind }) => {
    const name = path.replace('node:', '');
    return namespace === 'lazy' || kind !== 'import-statement'
      ? { path: `node:${name}`, external: true }
      : { path: name, namespace: 'lazy' };
  });
  onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => {
    const names = Object.keys(requireBuiltin(`node:${path}`));
    const getters = names.map((name) => `get ${name}(){return require("node:${path}").${name}}`);
    return { contents: `module.exports={${getters.join(',')}}` };
  });
}

async function writeScripts() {
  const outputs = main.outputFiles.map(({ path, text }) => ({
    name: basename(path, '.js'),
    text,
    ...main.metafile.outputs[relative(top, path)],
  }));
  const chunks = outputs.map(async ({ entryPoint, inputs, name, text }) => ({
    name,
    code: await toCommonJs(text),
    script: chooseScript(entryPoint ? [entryPoint] : Object.keys(inputs)),
  }));
  const scripts = await packScripts({
    chunks: await Promise.all(chunks),
    entry: outputs.find(({ entryPoint }) => entryPoint === 'src/cli/main.ts').name,
    scripts: [mainScript, ...Object.keys(rooms)],
    // Every byte is read at every start. Names for people are in the source map, which TCOMPOSE_DEBUG=1 uses.
    options: {
      ...shared,
      minify: true,
      sourcemap: 'linked',
      sourcesContent: false,
      outExtension: { '.js': '.cjs' },
    },
  });
  const id = createHash('sha256')
    .update(scripts.map(({ text }) => text).join(''))
    .digest('hex')
    .slice(0, 16);
  // The launcher tells builds apart by this last line; V8 would compare no more than lengths.
  for (const { path, text } of scripts) write(path, path.endsWith('.cjs') ? `${text}//${id}\n` : text);
}

/** What nobody wrote is in the script that every run reads. */
function chooseScript(inputs) {
  const names = inputs.map((input) => Object.keys(rooms).find((name) => rooms[name].test(input)));
  const [first] = names;
  if (first === undefined || names.includes(undefined)) return mainScript;
  return names.every((name) => name === first) ? first : 'engine';
}

/** The licences of what is in the bundle, which ask to be passed on. */
function gatherLicenses(inputs) {
  const packages = new Set(
    inputs.flatMap((path) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const texts = [...packages].sort().map((path) => {
    const { license, name, version } = JSON.parse(readFileSync(join(top, path, 'package.json'), 'utf8'));
    const file = readdirSync(join(top, path)).find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file === undefined ? `Licensed under ${license}.\n` : readFileSync(join(top, path, file), 'utf8');
    return `${name} ${version}\n\n${text}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n`);
}

/** By rename: somebody may be running the old one. */
function write(path, text) {
  const temporary = join(dist, `.${basename(path)}.new`);
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** Each of these runs leaves a code cache. None of them changes anything else, or needs root. */
function warmUp() {
  const example = join(top, 'examples/quickstart/compose.yaml');
  for (const args of [['version'], ['-f', example, 'config', '-q'], ['-f', example, 'plan']]) {
    const run = spawnSync(process.execPath, [join(top, 'bin/tcompose'), ...args], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`tcompose ${args.join(' ')} failed: ${run.stderr}`);
  }
}
