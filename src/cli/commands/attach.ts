import { attach } from '../../app/attach.ts';
import { defineCommand } from '../command.ts';
import { chooseDetachKeys } from '../detach-keys.ts';
import { interruptedExitCode } from '../exit-code.ts';
import { detachKeysFlag, indexFlag } from '../shared-flags.ts';
import { attachTerminal, hasTerminal, openStandardStreams } from '../terminal-session.ts';

export const command = defineCommand({
  operands: 'SERVICE',
  operandCount: { min: 1, max: 1 },
  examples: [{ text: 'Leave it running with Ctrl-P Ctrl-Q', line: 'attach web' }],
  flags: {
    ...detachKeysFlag,
    ...indexFlag,
    'no-stdin': { type: 'boolean', summary: 'Type nothing' },
    'sig-proxy': { type: 'boolean', default: true, summary: 'Pass signals on to the container' },
  },
  async run({ flags, operands, session }) {
    const [service = ''] = operands;
    const keys = chooseDetachKeys(flags['detach-keys'], session.environment);
    let streams: Awaited<ReturnType<typeof openStandardStreams>> | undefined;
    const attached = await attach(session.context, {
      service,
      index: flags.index,
      async request({ hasInput, tty }) {
        const interactive = hasInput && !flags['no-stdin'];
        const detachKeys = tty && hasTerminal() ? keys : undefined;
        streams = await openStandardStreams({ detach: false, interactive, detachKeys });
        const { stderr, stdin, stdout } = streams;
        const onDropped = (bytes: number) =>
          session.display.warn({
            code: 'output-dropped',
            message: `${bytes} bytes of output were left out: they came faster than they were read`,
            hint: 'the log has them: see `logs`',
          });
        return { tty, stdin, stdout, stderr, lossless: false, endsInput: false, onDropped };
      },
    });
    if (attached.session === undefined) {
      session.print(`would attach to ${attached.container.name}\n`);
      return 0;
    }
    let leave: (exitCode: number) => void = () => undefined;
    const left = new Promise<number>((resolve) => {
      leave = resolve;
    });
    const use = {
      terminal: attached.tty && streams?.filter !== undefined,
      detached: streams?.filter?.detached,
      takeSignals: () => session.takeSignals(),
      ...(flags['sig-proxy'] ? {} : { onSignal: () => leave(interruptedExitCode) }),
    };
    return (await Promise.race([attachTerminal(attached.session, use), left])) ?? 0;
  },
});
