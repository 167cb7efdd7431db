import { exec } from '../../app/exec.ts';
import { defineCommand } from '../command.ts';
import { chooseDetachKeys } from '../detach-keys.ts';
import type { Environment } from '../flag-values.ts';
import { indexFlag } from '../shared-flags.ts';
import { attachTerminal, hasTerminal, openStandardStreams } from '../terminal-session.ts';

export const command = defineCommand({
  operands: 'SERVICE COMMAND [ARGS...]',
  operandCount: { min: 2 },
  passthrough: true,
  examples: [
    { text: 'A shell in a running container', line: 'exec web sh' },
    { text: 'In a script: no terminal, input from a file', line: 'exec -T db psql < dump.sql' },
  ],
  flags: {
    detach: { type: 'boolean', char: 'd', summary: 'Run in the background' },
    env: { type: 'list', char: 'e', value: 'NAME=VALUE', summary: 'Set a variable; NAME alone passes it on' },
    ...indexFlag,
    interactive: { type: 'boolean', char: 'i', default: true, hidden: true, summary: 'Keep input open' },
    'no-tty': { type: 'boolean', char: 'T', aliases: ['no-TTY'], summary: 'No terminal' },
    tty: { type: 'boolean', char: 't', default: true, hidden: true, summary: 'Accepted; see --no-tty' },
    privileged: { type: 'boolean', summary: 'With all capabilities' },
    user: { type: 'string', char: 'u', value: 'USER', summary: 'As this user, by name or number' },
    workdir: { type: 'string', char: 'w', value: 'DIR', summary: 'In this directory' },
  },
  async run({ flags, operands, session }) {
    const [service = '', ...command] = operands;
    const tty = !flags.detach && !flags['no-tty'] && flags.tty && hasTerminal();
    const detachKeys = tty ? chooseDetachKeys(undefined, session.environment) : undefined;
    const streams = await openStandardStreams({ ...flags, detachKeys });
    const { container, session: running } = await exec(session.context, {
      service,
      index: flags.index,
      request: Object.assign(streams, {
        command,
        environment: parseVariables(flags.env, session.environment),
        user: flags.user,
        workingDir: flags.workdir,
        privileged: flags.privileged,
        tty,
        detach: flags.detach,
      }),
    });
    if (running === undefined) session.print(`would run in ${container.name}: ${command.join(' ')}\n`);
    if (running === undefined || flags.detach) return 0;
    const use = { terminal: tty, detached: streams.filter?.detached };
    return (await attachTerminal(running, use)) ?? 0;
  },
});

/** `NAME` alone takes the caller's value; a name that has none is left out, as docker does. */
function parseVariables(assignments: readonly string[], environment: Environment): Record<string, string> {
  const entries = assignments.map((text): [string, string | undefined] => {
    const equals = text.indexOf('=');
    return equals < 0 ? [text, environment[text]] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
