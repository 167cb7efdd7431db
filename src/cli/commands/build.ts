import { build } from '../../app/build.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Build what has a `build:`', line: 'build' },
    { text: 'Build one service from the beginning', line: 'build --no-cache --pull web' },
    { text: 'Check the Dockerfiles', line: 'build --check' },
  ],
  flags: {
    'build-arg': {
      type: 'list',
      value: 'NAME=VALUE',
      summary: 'Give an argument of the Dockerfiles a value',
    },
    'no-cache': { type: 'boolean', summary: 'Run every step, also those that are known' },
    pull: { type: 'boolean', summary: 'Look for newer base images' },
    push: { type: 'boolean', summary: 'Push the images when they are built' },
    quiet: { type: 'boolean', char: 'q', summary: 'Print only what goes wrong' },
    ssh: { type: 'list', value: 'ID[=SOCKET]', summary: 'SSH agent that steps may use; default is yours' },
    check: { type: 'boolean', summary: 'Check the Dockerfiles, and build nothing' },
    'with-dependencies': { type: 'boolean', summary: 'Build what the services depend on too' },
    compress: { type: 'boolean', hidden: true, summary: 'Has no meaning: the context is not sent anywhere' },
    'force-rm': { type: 'boolean', hidden: true, summary: 'Has no meaning: nothing is left of a step' },
    'no-rm': { type: 'boolean', unsupported: true, hidden: true, summary: 'Keep what a step leaves' },
    builder: { type: 'string', value: 'NAME', unsupported: true, summary: 'Builder to use' },
    memory: { type: 'string', char: 'm', value: 'BYTES', unsupported: true, summary: 'Memory of steps' },
    print: { type: 'boolean', unsupported: true, summary: 'Print the build as a bake file' },
    provenance: { type: 'string', value: 'MODE', unsupported: true, summary: 'Add a provenance attestation' },
    sbom: { type: 'string', value: 'MODE', unsupported: true, summary: 'Add an SBOM attestation' },
  },
  conflicts: [{ flags: ['check'], with: ['push'] }],
  run: async ({ flags, operands, session }) => {
    if (flags.quiet) session.display.hideBuilds();
    const { findings } = await build(session.context, {
      services: operands,
      args: flags['build-arg'],
      noCache: flags['no-cache'],
      pull: flags.pull,
      ssh: flags.ssh,
      withDependencies: flags['with-dependencies'],
      push: flags.push,
      quiet: flags.quiet,
      check: flags.check,
    });
    if (!flags.check) return 0;
    session.print(
      findings === 0
        ? 'Check complete, no warnings found.\n'
        : `Check complete, ${findings} warnings found.\n`,
    );
    return findings === 0 ? 0 : 1;
  },
});
