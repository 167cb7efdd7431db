// `npm run build`: src/ into one CommonJS file, dist/tcompose.cjs, with its source map and its V8 code cache. What is
// imported dynamically stays unevaluated until it is needed; `--analyze` prints what is in the file.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeMetafile, build } from 'esbuild';

const requireBuiltin = createRequire(import.meta.url);

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(top, 'dist');
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));

const result = await build({
  absWorkingDir: top,
  entryPoints: [{ in: 'src/cli/main.ts', out: 'tcompose' }],
  bundle: true,
  write: false,
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  // Every byte is read at every start. Names for people are in the source map, which TCOMPOSE_DEBUG=1 uses.
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  charset: 'ascii',
  legalComments: 'none',
  // oclif looks for a compiler of commands written in TypeScript; ours are compiled.
  external: ['*.node', 'typescript'],
  define: {
    TCOMPOSE_VERSION: JSON.stringify(version),
    'import.meta.url': 'bundleUrl',
  },
  banner: { js: 'const bundleUrl=require("node:url").pathToFileURL(__filename).href;' },
  plugins: [{ name: 'lazy builtins', setup: makeBuiltinsLazy }],
  metafile: true,
  logLevel: 'warning',
});

mkdirSync(dist, { recursive: true });
// The launcher trusts a cache only where nobody else can write, whatever the umask.
chmodSync(dist, 0o755);
// A cache of another bundle is of no use to this one.
for (const name of readdirSync(dist)) if (name.includes('.cache')) rmSync(join(dist, name));
for (const { path, text } of result.outputFiles) {
  write(path, path.endsWith('.cjs') ? identify(text) : text);
}
write(join(dist, 'LICENSES.txt'), gatherLicenses(Object.keys(result.metafile.inputs)));
warmUp();
if (process.argv.includes('--analyze')) console.log(await analyzeMetafile(result.metafile));

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

/** The launcher tells bundles apart by this last line; V8 would compare no more than their lengths. */
function identify(text) {
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text}//${id}\n`;
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

/** Each of these runs adds its compiled functions to the code cache. None of them changes anything, or needs root. */
function warmUp() {
  const example = join(top, 'examples/quickstart/compose.yaml');
  for (const args of [['version'], ['-f', example, 'config', '-q'], ['-f', example, 'plan']]) {
    const run = spawnSync(process.execPath, [join(top, 'bin/tcompose'), ...args], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`tcompose ${args.join(' ')} failed: ${run.stderr}`);
  }
}
