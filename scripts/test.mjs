// `npm test`: installs and builds what a fresh clone lacks, runs every check and test, and closes with one line
// `N passed, N failed, N skipped`. What cannot run here is named and counted as skipped.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

function spawn(command, args, options = {}) {
  return spawnSync(command, args, { cwd: top, stdio: 'inherit', ...options });
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
  const ok = spawn(command, args).status === 0;
  tally[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
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
  const status = spawn('npx', args).status;
  if (!existsSync(report)) {
    tally.failed += 1;
    console.log(`FAILED: the ${project} tests ended without a report`);
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(dir, { recursive: true });
  tally.passed += result.numPassedTests;
  tally.failed += result.numFailedTests;
  tally.skipped += result.numPendingTests + (result.numTodoTests ?? 0);
  nameSkipped(result);
  const brokenFiles = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const file of brokenFiles) console.log(`FAILED: ${file.name}: ${file.message}`);
  tally.failed += brokenFiles.length;
  if (status !== 0 && result.numFailedTests === 0 && brokenFiles.length === 0) {
    tally.failed += 1;
    console.log(`FAILED: the ${project} tests reported an error outside a test`);
  }
}

function nameSkipped(result) {
  for (const file of result.testResults) {
    for (const test of file.assertionResults) {
      if (['pending', 'skipped', 'todo'].includes(test.status)) console.log(`skipped: ${test.fullName}`);
    }
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

console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed > 0 ? 1 : 0;
