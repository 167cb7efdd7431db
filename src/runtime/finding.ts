// What is wrong with a value of an attribute.

import type { ServiceConfig } from '../project/service-config.ts';

export interface Finding {
  /** Below the attribute: an index, a key. */
  readonly path: readonly (string | number)[];
  /** Continues `services.web.ATTRIBUTE`: `is not ...`. */
  readonly what: string;
  readonly hint?: string;
  /** `invalid`: wrong, whoever runs it. `unsupported`: others take it. `ignored`: it has no effect. */
  readonly kind: 'invalid' | 'unsupported' | 'ignored';
}

export type AttributeCheck = (value: never, service: ServiceConfig) => readonly Finding[];

export const NOTHING: readonly Finding[] = [];

export function wrong(what: string, hint?: string, path: Finding['path'] = []): Finding {
  return { path, what, kind: 'invalid', ...(hint !== undefined && { hint }) };
}

export function unsupported(value: string, hint?: string, path: Finding['path'] = []): Finding {
  return {
    path,
    what: `"${value}" is not supported yet`,
    kind: 'unsupported',
    ...(hint !== undefined && { hint }),
  };
}

/** Values of which only some are taken. */
export function among(...accepted: string[]): (value: string) => readonly Finding[] {
  return (value) =>
    accepted.includes(value) ? NOTHING : [unsupported(value, `use ${accepted.join(', ')}, or leave it out`)];
}
