// `npm test`: installs and builds what a fresh clone lacks, runs every check and test, and closes with one line
// `N passed, N failed, N skipped`. What cannot run here is named and counted as skipped.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { prepare, top } from './prepare.mjs';

/** Debian packages that the tests use as oracles and peers, and the program that tells whether they are there. */
const packages = {
  'busybox-static': '/bin/busybox',
  runc: '/usr/sbin/runc',
  crun: '/usr/bin/crun',
  nftables: '/usr/sbin/nft',
  iproute2: '/usr/sbin/ip',
  dnsutils: '/usr/bin/dig',
  curl: '/usr/bin/curl',
  skopeo: '/usr/bin/skopeo',
  'docker-registry': '/usr/bin/docker-registry',
  'apache2-utils': '/usr/bin/htpasswd',
  openssl: '/usr/bin/openssl',
  zstd: '/usr/bin/zstd',
  mmdebstrap: '/usr/bin/mmdebstrap',
  git: '/usr/bin/git',
};

const isRoot = process.getuid?.() === 0;
const isDebian = existsSync('/etc/debian_version');
const tally = { passed: 0, failed: 0, skipped: 0 };
/** Told again at the end, where the last lines of a long log still show them: what failed, and how that was said. */
const failures = [];
const SHOWN_LINES = 30;

function spawn(command, args, options = {}) {
  return spawnSync(command, args, { cwd: top, stdio: 'inherit', ...options });
}

function fail(name, message = '') {
  tally.failed += 1;
  failures.push([name, ...message.split('\n').slice(0, SHOWN_LINES)].join('\n    ').trimEnd());
  console.log(`FAILED: ${name}`);
}

function installPackages() {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name]));
  if (missing.length === 0 || !isRoot || !isDebian) return;
  console.log(`installing Debian packages for the tests: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawn('apt-get', ['-qq', 'update'], quiet);
  spawn('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...missing], quiet);
}

function check(name, command, args) {
  if (spawn(command, args).status !== 0) return fail(name);
  tally.passed += 1;
  console.log(`ok: ${name}`);
}

/** Runs one vitest project and adds its counts; a run that ends without a report counts as one failure. */
function runProject(project) {
  const dir = mkdtempSync(join(tmpdir(), 'tcompose-test-'));
  const report = join(dir, 'report.json');
  const args = [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    '--outputFile.json',
    report,
  ];
  const before = tally.failed;
  const status = spawn('npx', args).status;
  if (!existsSync(report)) return fail(`the ${project} tests ended without a report`);
  const result = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(dir, { recursive: true });
  tally.passed += result.numPassedTests;
  tally.skipped += result.numPendingTests + (result.numTodoTests ?? 0);
  for (const file of result.testResults) {
    nameSkipped(file);
    nameFailed(file);
  }
  if (status !== 0 && tally.failed === before) fail(`the ${project} tests reported an error outside a test`);
}

function nameFailed(file) {
  const path = relative(top, file.name);
  const failed = file.assertionResults.filter((test) => test.status === 'failed');
  for (const test of failed) fail(`${path}: ${test.fullName}`, test.failureMessages.join('\n'));
  if (file.status === 'failed' && failed.length === 0) fail(path, file.message);
}

/** A line for each; one line for all of a group that is left out whole and says why, in brackets behind its title. */
function nameSkipped(file) {
  const isSkipped = (test) => ['pending', 'skipped', 'todo'].includes(test.status);
  const groups = new Map();
  for (const test of file.assertionResults) {
    const group = test.ancestorTitles[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), test]);
  }
  for (const [group, tests] of groups) {
    if (group.endsWith(')') && tests.every(isSkipped))
      console.log(`skipped: ${group}: all of ${tests.length}`);
    else for (const test of tests.filter(isSkipped)) console.log(`skipped: ${test.fullName}`);
  }
}

/** Names what needs root, and counts it, where there is none. */
function skipProject(project, why) {
  const listed = spawnSync('npx', ['vitest', 'list', '--project', project, '--json'], {
    cwd: top,
    encoding: 'utf8',
  });
  const tests = JSON.parse(listed.stdout.slice(listed.stdout.indexOf('[')));
  for (const test of tests) console.log(`skipped (${why}): ${test.name}`);
  tally.skipped += tests.length;
}

prepare();
installPackages();
check('types (tsc)', 'npx', ['tsc', '-p', '.']);
check('format and lint (biome)', 'npx', ['biome', 'check', '.']);
check('generated files are fresh', process.execPath, ['scripts/generate.mjs', '--check']);
runProject('unit');
if (isRoot) {
  check('programs for the tests (make)', 'make', ['-s', '-j2', '-C', 'runtime', 'test-programs']);
  runProject('host');
} else {
  skipProject('host', 'needs root');
}

for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed > 0 ? 1 : 0;
