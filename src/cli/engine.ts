// The one place that knows which engine there is.

import type { EngineUse } from '../app/context.ts';
import { TcError } from '../base/error.ts';
import type { Engine } from '../engine/ports.ts';

export function createEngineOpener(root: string | undefined): (use: EngineUse) => Promise<Engine> {
  let opened: Promise<Engine> | undefined;
  return async (use) => {
    if (use === 'change' && process.geteuid?.() !== 0) throw needsRoot();
    opened ??= import('../engine/native-engine.ts').then(({ createNativeEngine }) =>
      createNativeEngine({ root }),
    );
    return opened;
  };
}

function needsRoot(): TcError {
  return new TcError('this needs root: containers are made of namespaces, mounts and network links', {
    code: 'needs-root',
    kind: 'environment',
    hints: ['run it with sudo, or as root', 'config and version need no root'],
  });
}
