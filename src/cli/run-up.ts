// up, detached or attached: which of the two the flags ask for, and what is shown meanwhile.

import { type AttachOptions, attachedUp } from '../app/attached-up.ts';
import { up } from '../app/up.ts';
import type { FlagValues } from './flag.ts';
import type { Session } from './session.ts';
import { toNanoseconds, type waitFlags } from './shared-flags.ts';
import { toImageChoice, toUpOptions, type upFlags } from './up-flags.ts';

interface UpFlags extends FlagValues<typeof upFlags>, FlagValues<typeof waitFlags> {
  readonly detach: boolean;
  readonly 'abort-on-container-exit': boolean;
  readonly 'abort-on-container-failure': boolean;
  readonly 'exit-code-from': string | undefined;
  readonly attach: readonly string[];
  readonly 'no-attach': readonly string[];
  readonly 'attach-dependencies': boolean;
  readonly 'no-color': boolean;
  readonly 'no-log-prefix': boolean;
  readonly timestamps: boolean;
  readonly 'quiet-build': boolean;
  readonly watch: boolean;
}

export async function runUp(flags: UpFlags, services: readonly string[], session: Session): Promise<number> {
  const options = {
    ...toUpOptions(flags, services),
    wait: flags.wait,
    waitTimeout: toNanoseconds(flags['wait-timeout']),
  };
  const images = toImageChoice(flags);
  if (flags['quiet-build']) session.display.hideBuilds();
  if (flags.detach || flags.wait || flags['no-start']) {
    return session.conclude(await up(session.context, { verb: 'up', options, images }));
  }
  session.display.showOutput({
    color: !flags['no-color'],
    prefix: !flags['no-log-prefix'],
    timestamps: flags.timestamps,
  });
  const attach = {
    ...toAttachOptions(flags),
    ...(flags.watch && { watch: await chooseWatch(flags, session) }),
  };
  const { exitCode, outcome } = await attachedUp(session.context, options, attach, images);
  return outcome === undefined ? exitCode : session.conclude(outcome);
}

async function chooseWatch(flags: UpFlags, session: Session): Promise<NonNullable<AttachOptions['watch']>> {
  const { showWatch } = await import('./watch-output.ts');
  return { prune: true, quiet: flags['quiet-build'], on: showWatch(session) };
}

function toAttachOptions(flags: UpFlags): AttachOptions {
  const exitCodeFrom = flags['exit-code-from'];
  const onExit = flags['abort-on-container-exit'] || exitCodeFrom !== undefined;
  const onFailure = flags['abort-on-container-failure'] ? 'failure' : undefined;
  return {
    attach: flags.attach,
    noAttach: flags['no-attach'],
    attachDependencies: flags['attach-dependencies'],
    abortOn: onExit ? 'exit' : onFailure,
    exitCodeFrom,
  };
}
