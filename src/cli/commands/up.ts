import { defineCommand } from '../command.ts';
import { runUp } from '../run-up.ts';
import { waitFlags } from '../shared-flags.ts';
import { upConflicts, upFlags } from '../up-flags.ts';

/** podman-compose has flags of `build` here. */
const buildFirst = {
  why: 'it is a flag of `build`',
  instead: 'run `tcompose build` with it, then `tcompose up`',
};

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Start the project in the background', line: 'up -d' },
    { text: 'Start it and wait until it is healthy', line: 'up -d --wait' },
    { text: 'Start it and follow its sources', line: 'up --watch' },
    { text: 'Run its tests and return their exit code', line: 'up --exit-code-from tests' },
  ],
  flags: {
    ...upFlags,
    ...waitFlags,
    detach: { type: 'boolean', char: 'd', summary: 'Run in the background' },
    'abort-on-container-exit': { type: 'boolean', summary: 'Stop everything when one container stops' },
    'abort-on-container-failure': { type: 'boolean', summary: 'Stop everything when one container fails' },
    'exit-code-from': {
      type: 'string',
      value: 'SERVICE',
      summary: "Return this service's exit code; implies --abort-on-container-exit",
    },
    attach: { type: 'list', value: 'SERVICE', summary: 'Show the output of these services only' },
    'no-attach': { type: 'list', value: 'SERVICE', summary: 'Do not show the output of these services' },
    'attach-dependencies': { type: 'boolean', summary: 'Show the output of dependencies too' },
    'no-color': { type: 'boolean', summary: 'Output without colours' },
    'no-log-prefix': { type: 'boolean', summary: 'Output without the names of containers' },
    timestamps: { type: 'boolean', summary: 'Output with the time of each line' },
    'quiet-build': { type: 'boolean', hidden: true, summary: 'Build without output' },
    menu: {
      type: 'boolean',
      hidden: true,
      summary: 'Keyboard shortcuts while attached',
      ignored: 'there are no keyboard shortcuts; Ctrl-C stops, and other terminals can give commands',
    },
    watch: {
      type: 'boolean',
      char: 'w',
      summary: 'Sync, restart and rebuild services when their files change',
    },
    'build-arg': {
      type: 'list',
      value: 'NAME=VALUE',
      hidden: true,
      summary: 'For builds',
      refused: buildFirst,
    },
    'no-cache': { type: 'boolean', hidden: true, summary: 'For builds', refused: buildFirst },
  },
  conflicts: [
    ...upConflicts,
    { flags: ['detach'], with: ['abort-on-container-exit', 'abort-on-container-failure', 'exit-code-from'] },
    { flags: ['detach'], with: ['attach', 'attach-dependencies', 'watch'] },
    { flags: ['wait'], with: ['abort-on-container-exit', 'exit-code-from', 'attach', 'attach-dependencies'] },
    { flags: ['watch'], with: ['no-build', 'no-start', 'wait'] },
    { flags: ['abort-on-container-exit', 'exit-code-from'], with: ['abort-on-container-failure'] },
    { flags: ['attach'], with: ['attach-dependencies'] },
  ],
  run: ({ flags, operands, session }) => runUp(flags, operands, session),
});
