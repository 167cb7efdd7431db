// `runtime`: what another runtime cannot be asked for together with. Whether the host has it, the engine finds out.

import type { ServiceConfig } from '../project/service-config.ts';
import { type Finding, NOTHING, unsupported } from './finding.ts';
import { parseNamespaceMode, SHARED_TYPES } from './namespaces.ts';
import { isOwnRuntime, isShim } from './oci-runtime.ts';
import { isRemapped } from './user-namespace.ts';

export function runtime(value: string, service: ServiceConfig): readonly Finding[] {
  if (isOwnRuntime(value)) return NOTHING;
  if (isShim(value)) {
    return [
      unsupported(value, 'it is made for containerd: name the runtime behind it, such as runc or runsc'),
    ];
  }
  const combined = [
    ...(isRemapped(service) ? ['a user namespace'] : []),
    ...SHARED_TYPES.flatMap((type) => {
      const kind = parseNamespaceMode(service[type])?.kind;
      return kind === 'service' || kind === 'container' ? [`\`${type}: ${service[type]}\``] : [];
    }),
  ];
  return combined.map((what) => ({
    path: [],
    what: `"${value}" cannot be combined with ${what}`,
    hint: "leave `runtime` out, for tcompose's own, which can (docs/adr/0009-other-runtimes.md)",
    kind: 'unsupported',
  }));
}
