// Build checks: what is allowed in a Dockerfile and better avoided. Names are BuildKit's, so that what says `skip=` to
// it says the same to us.

import type { SourcePosition } from '../../base/error.ts';
import { type CheckOptions, defaultCheckOptions, parseCheckOptions } from '../dockerfile/directive.ts';

export type CheckRule =
  | 'ConsistentInstructionCasing'
  | 'CopyIgnoredFile'
  | 'DuplicateStageName'
  | 'ExposeInvalidFormat'
  | 'ExposeProtoCasing'
  | 'FromAsCasing'
  | 'FromPlatformFlagConstDisallowed'
  | 'InvalidBaseImagePlatform'
  | 'InvalidDefaultArgInFrom'
  | 'InvalidDefinitionDescription'
  | 'JSONArgsRecommended'
  | 'LegacyKeyValueFormat'
  | 'MaintainerDeprecated'
  | 'MultipleInstructionsDisallowed'
  | 'NoEmptyContinuation'
  | 'RedundantTargetPlatform'
  | 'ReservedStageName'
  | 'SecretsUsedInArgOrEnv'
  | 'StageNameCasing'
  | 'UndefinedArgInFrom'
  | 'UndefinedVar'
  | 'WorkdirRelativePath';

/** Silent unless they are asked for. */
const experimental: readonly CheckRule[] = ['InvalidDefinitionDescription'];

export interface CheckFinding {
  readonly rule: CheckRule;
  readonly message: string;
  readonly at: SourcePosition;
}

/** Where a check looks: an instruction, or a bare place. */
export interface CheckedPlace {
  readonly at: SourcePosition;
  /** Comments above it: one of them may say `check=skip=...`. */
  readonly comments?: readonly string[];
}

export class Checks {
  readonly findings: CheckFinding[] = [];
  readonly #options: CheckOptions;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  report(rule: CheckRule, { at, comments = [] }: CheckedPlace, message: string): void {
    const all = [this.#options, ...comments.flatMap(readComment)];
    const lists = (list: CheckOptions['skip']) => list === 'all' || list.includes(rule);
    const speaks = experimental.includes(rule)
      ? all.some((options) => lists(options.experimental))
      : !all.some((options) => lists(options.skip));
    const isKnown = this.findings.some(
      (each) => each.rule === rule && each.message === message && each.at.line === at.line,
    );
    if (speaks && !isKnown) this.findings.push({ rule, message, at });
  }

  /** The file asks for findings to be errors. */
  get areErrors(): boolean {
    return this.#options.error;
  }
}

function readComment(comment: string): CheckOptions[] {
  const [, value] = /^check\s*=\s*(\S+)/i.exec(comment) ?? [];
  if (value === undefined) return [];
  try {
    return [parseCheckOptions(value)];
  } catch {
    return [defaultCheckOptions];
  }
}
