// Images of other services as contexts of a build for several platforms.

import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPlatform, hostPlatform } from '../../src/image/platform.ts';
import { Scenario } from './scenario.ts';

const here = formatPlatform(hostPlatform());
const foreign = 'linux/s390x';
const both = `[${here}, ${foreign}]`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({});
  scenario.write(
    'base/Dockerfile',
    `FROM --platform=$BUILDPLATFORM scratch AS tools
COPY busybox /bin/busybox
ARG TARGETPLATFORM
RUN ["/bin/busybox", "sh", "-c", "echo $TARGETPLATFORM > /base"]
FROM scratch
COPY --from=tools /base /
`,
  );
  scenario.write(
    'Dockerfile',
    'FROM base AS built-on\nFROM scratch\nCOPY --from=built-on /base /built-on\nCOPY --from=base /base /taken-from\n',
  );
  copyFileSync('/bin/busybox', join(scenario.directory, 'base/busybox'));
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

function compose(base: string): void {
  const web = `{build: {context: ., platforms: ${both}, additional_contexts: {base: "service:base"}}}`;
  scenario.write('compose.yaml', `name: c\nservices:\n  web: ${web}\n  base: ${base}\n`);
}

/** Platforms of the base that each of the two images has in it. */
function build(base: string): string[] {
  compose(base);
  scenario.ok('build', '-q', '-o', 'out', 'web');
  return [here, foreign].flatMap((platform) =>
    ['built-on', 'taken-from'].map((name) =>
      readFileSync(join(scenario.directory, 'out', platform.replace('/', '_'), name), 'utf8').trim(),
    ),
  );
}

describe('the image of another service', () => {
  it('is built for each platform that it is wanted for, if it names none', () => {
    expect(build('{build: base}')).toEqual([here, here, foreign, foreign]);
    // Its own name is for what it is itself.
    const [image] = JSON.parse(scenario.ok('image', 'inspect', 'c-base').stdout);
    expect(image.Manifests).toBeUndefined();
    expect(`${image.Os}/${image.Architecture}`).toBe(here);
  });

  it('is the one for the platform, if it names several', () => {
    expect(build(`{build: {context: base, platforms: ${both}}}`)).toEqual([here, here, foreign, foreign]);
  });

  it('is the only one, if it names one', () => {
    expect(build(`{build: {context: base, platforms: [${here}]}}`)).toEqual([here, here, here, here]);
  });

  it('is an error, if it names others', () => {
    compose(`{build: {context: base, platforms: [${here}, linux/riscv64]}}`);
    const { status, stderr } = scenario.run('build', 'web');
    expect(status).toBe(1);
    expect(stderr).toContain(
      `the image of base is wanted for ${foreign}, and built for ${here}, linux/riscv64`,
    );
    expect(stderr).toContain('add it to build.platforms of base');
  });

  it('that cannot be built for a platform stops the build before anything runs', () => {
    scenario.write('base/Dockerfile', 'FROM scratch\nCOPY busybox /base\nRUN ["/base", "true"]\n');
    compose('{build: base}');
    const { status, stderr } = scenario.run('build', 'web');
    expect(status).toBe(1);
    expect(stderr).toContain(`Dockerfile:3:1: error: stage "stage-0" runs commands of ${foreign}`);
    expect(stderr).not.toContain('DONE');
  });
});
