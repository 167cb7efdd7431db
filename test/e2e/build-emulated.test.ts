// Commands of a build that are programs of another platform: emulated, or refused.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatPlatform, hostPlatform } from '../../src/image/platform.ts';
import { assembleWriter } from './arm64-program.ts';
import { Binfmt, formatMagic, whyNotBinfmt } from './binfmt.ts';
import { stepsOf } from './build-steps.ts';
import { Scenario } from './scenario.ts';

const here = formatPlatform(hostPlatform());
/** One that no Debian machine emulates unless it is told to. */
const foreign = 'linux/s390x';
const both = `[${here}, ${foreign}]`;

const tools = `FROM --platform=$BUILDPLATFORM scratch AS tools
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({});
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const path = (name: string) => join(scenario.directory, name);
const read = (name: string) => readFileSync(path(name), 'utf8');

function begin(dockerfile: string, platforms: string): void {
  const web = `{image: "wide:1", build: {context: ., platforms: ${platforms}}}`;
  scenario.write('compose.yaml', `name: wide\nservices:\n  web: ${web}\n`);
  scenario.write('Dockerfile', dockerfile);
}

describe('a command of another platform', () => {
  const runs = `FROM scratch AS other
COPY program /bin/program
RUN ["/bin/program", "/made"]

${tools}
RUN echo never > /ran
FROM other
COPY --from=tools /ran /ran
`;
  /** Begins as programs of s390x do. */
  const program = Buffer.concat([formatMagic('big', 22), Buffer.from(' is what the program holds\n')]);
  const begun = (platforms = `[${foreign}]`) => {
    begin(runs, platforms);
    writeFileSync(path('program'), program, { mode: 0o755 });
  };

  it('is refused before anything runs, with what to do', () => {
    begun();
    const { status, stderr } = scenario.run('build');
    expect(status).toBe(1);
    expect(stderr).toContain(`Dockerfile:3:1: error: stage "other" runs commands of ${foreign}`);
    expect(stderr).toContain('qemu-user-static');
    expect(stderr).toContain('FROM --platform=$BUILDPLATFORM');
    expect(stepsOf(stderr)).toEqual({ ran: [], cached: [] });
    scenario.write('Dockerfile', 'FROM scratch AS there\nONBUILD RUN ["/program"]\nFROM there\n');
    expect(scenario.run('build').stderr).toContain('Dockerfile:3:1: error: stage "stage-1" runs commands of');
    // To look at a Dockerfile nothing has to run.
    expect(scenario.ok('build', '--check').stdout).toContain('no warnings found');
  });

  const reason = whyNotBinfmt();
  if (reason !== undefined) console.log(`skipped: ${reason}`);
  let binfmt: Binfmt;
  beforeAll(() => {
    if (reason === undefined) binfmt = new Binfmt();
  });
  afterEach(() => binfmt?.unregisterAll());
  afterAll(() => binfmt?.close());

  /** Copies the program that it is given to the path after it: which program ran, the result tells. */
  function makeEmulator(): string {
    mkdirSync(path('emulator'));
    const file = path('emulator/cp');
    copyFileSync('/bin/busybox', file);
    return file;
  }

  it.skipIf(reason !== undefined)('runs by an emulator that works in every root', () => {
    begun(both);
    writeFileSync(path('program'), program, { mode: 0o755 });
    scenario.write(
      'Dockerfile',
      runs.replace('FROM scratch AS other', `FROM --platform=${foreign} scratch AS other`),
    );
    binfmt.register(`tcompose-test-${process.pid}`, formatMagic('big', 22), makeEmulator(), 'F');
    scenario.ok('build', '-o', 'out');
    expect(readFileSync(path('out/linux_s390x/made'))).toEqual(program);
    expect(read('out/linux_s390x/ran')).toBe('never\n');
  });

  it.skipIf(reason !== undefined)(
    'runs by one that has to be shown to it, and leaves nothing of that',
    () => {
      begun();
      binfmt.register(`tcompose-test-${process.pid}`, formatMagic('big', 22), makeEmulator(), '');
      scenario.ok('build', '-o', 'out');
      expect(readFileSync(path('out/made'))).toEqual(program);
      // The emulator lies in a temporary directory.
      expect(readdirSync(path('out')).sort()).toEqual(['bin', 'dev', 'made', 'proc', 'ran', 'sys']);
    },
  );

  it.skipIf(reason !== undefined)('is refused where the emulator needs what the image lacks', () => {
    begun();
    binfmt.register(`tcompose-test-${process.pid}`, formatMagic('big', 22), process.execPath, '');
    const { status, stderr } = scenario.run('build');
    expect(status).toBe(1);
    expect(stderr).toContain(`its emulator ${process.execPath} is not one that can be used in an image`);
  });

  const qemu = process.env['TCOMPOSE_TEST_QEMU'] ?? '/usr/bin/qemu-aarch64-static';
  const canEmulate = reason === undefined && existsSync(qemu) && here === 'linux/amd64';
  if (!canEmulate) console.log(`skipped: there is no ${qemu} for this machine to run programs of arm64 with`);

  it.skipIf(!canEmulate)('runs under qemu', () => {
    begin('FROM scratch\nCOPY program /program\nRUN ["/program"]\n', '[linux/arm64]');
    writeFileSync(path('program'), assembleWriter('/made', 'by a program for arm64\n'), { mode: 0o755 });
    const isHere = existsSync('/proc/sys/fs/binfmt_misc/qemu-aarch64');
    if (!isHere) binfmt.register(`tcompose-test-${process.pid}`, formatMagic('little', 183), qemu, 'F');
    scenario.ok('build', '-o', 'out');
    expect(read('out/made')).toBe('by a program for arm64\n');
  });
});
