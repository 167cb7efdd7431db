import { run, tidyUp } from '../../app/run.ts';
import { defineCommand } from '../command.ts';
import { chooseDetachKeys } from '../detach-keys.ts';
import { runConflicts, runFlags, toRunRequest } from '../run-flags.ts';
import { attachTerminal, hasTerminal, openStandardStreams } from '../terminal-session.ts';

export const command = defineCommand({
  operands: 'SERVICE [COMMAND] [ARGS...]',
  operandCount: { min: 1 },
  passthrough: true,
  examples: [
    { text: 'A shell with everything that the service has', line: 'run --rm web sh' },
    { text: 'In a script: no terminal, input from a file', line: 'run --rm -T db psql < dump.sql' },
  ],
  flags: runFlags,
  conflicts: runConflicts,
  async run({ flags, operands, session }) {
    if (flags.quiet) session.display.silence();
    const tty = !flags['no-tty'] && hasTerminal();
    const isTerminal = tty && !flags.detach;
    const detachKeys = isTerminal ? chooseDetachKeys(undefined, session.environment) : undefined;
    const streams = await openStandardStreams({ ...flags, detachKeys });
    // Opened only now and one by one: a stream that Node has made is one that it reads.
    const open = () => ({ stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stderr });
    const attach = flags.detach
      ? undefined
      : { ...open(), tty, lossless: true, endsInput: flags.interactive };
    const result = await run(session.context, { ...toRunRequest(flags, operands, tty), attach });
    if (result.session === undefined) {
      if (!result.outcome.isDryRun) session.print(`${result.container.id}\n`);
      return session.conclude(result.outcome);
    }
    await session.display.end();
    const use = {
      terminal: isTerminal,
      detached: streams.filter?.detached,
      takeSignals: () => session.takeSignals(),
    };
    const exitCode = await attachTerminal(result.session, use);
    if (exitCode === undefined) {
      session.display.tell(`${result.container.name} goes on; see \`logs\`, or \`attach\` to its service\n`);
      return 0;
    }
    if (flags.rm) await tidyUp(session.context, result);
    return exitCode;
  },
});
