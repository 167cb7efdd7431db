import { resolve } from 'node:path';
import { build, printBuild } from '../../app/build.ts';
import { type BuildOutput, parseBuildOutput } from '../../app/build-output.ts';
import { parseBuildSettings } from '../../app/build-settings.ts';
import { buildFlags, readMemory } from '../build-flags.ts';
import { buildSettingFlags, readCall } from '../build-setting-flags.ts';
import { requireByteOutput, writeBytes } from '../byte-output.ts';
import { defineCommand } from '../command.ts';

const settingNames = Object.keys(buildSettingFlags) as (keyof typeof buildSettingFlags)[];

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Build what has a `build:`', line: 'build' },
    { text: 'Build one service from the beginning', line: 'build --no-cache --pull web' },
    { text: 'Check the Dockerfiles', line: 'build --check' },
    { text: 'Write the files of an image into a directory', line: 'build --output out web' },
    { text: 'For two platforms, as one image', line: 'build --platform linux/amd64,linux/arm64 --push web' },
  ],
  flags: buildFlags,
  conflicts: [
    { flags: ['check'], with: ['push', 'output', 'print', 'iidfile', 'tag', 'metadata-file'] },
    { flags: ['print'], with: ['output', 'metadata-file', ...settingNames] },
  ],
  run: async ({ flags, operands, session }) => {
    const { context, display } = session;
    const check = readCall(flags.call) || flags.check;
    const { selection } = context;
    if (flags.quiet) display.hideBuilds();
    const outputs = flags.output.map((text) => parseBuildOutput(text, process.cwd()));
    outputs.forEach(checkOutput);
    const options = {
      services: operands,
      args: flags['build-arg'],
      noCache: flags['no-cache'],
      pull: flags.pull,
      ssh: flags.ssh,
      cacheFrom: flags['cache-from'],
      cacheTo: flags['cache-to'],
      platforms: flags.platform.flatMap((text) => text.split(',')),
      ...readMemory(flags.memory),
      withDependencies: flags['with-dependencies'],
      push: flags.push,
      quiet: flags.quiet,
      check,
      settings: parseBuildSettings(flags, process.cwd(), selection.environment),
      ...(flags.iidfile !== undefined && { idFile: resolve(flags.iidfile) }),
    };
    if (flags.print) {
      session.print(`${JSON.stringify(printBuild(context, options), undefined, 2)}\n`);
      return 0;
    }
    const write = (bytes: AsyncIterable<Uint8Array>, file: string | undefined) =>
      writeBytes(bytes, file, context.interrupted);
    const file = flags['metadata-file'];
    const metadata = file === undefined ? {} : { metadataFile: resolve(file) };
    const { findings } = await build(context, { ...options, ...metadata, outputs, write });
    if (!check) return 0;
    session.print(
      findings === 0
        ? 'Check complete, no warnings found.\n'
        : `Check complete, ${findings} warnings found.\n`,
    );
    return findings === 0 ? 0 : 1;
  },
});

function checkOutput(output: BuildOutput): void {
  if (output.kind === 'archive') requireByteOutput(output.file);
}
