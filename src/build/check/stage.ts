// Checks of a stage's instructions while they are carried out. Pure.

import { findNearest } from '../../base/suggest.ts';
import type {
  Instruction,
  PairsInstruction,
  TextInstruction,
  WordsInstruction,
} from '../dockerfile/instruction.ts';
import type { Variables } from '../stage/scope.ts';
import type { Checks } from './checks.ts';

export function checkUndefined(
  instruction: Instruction,
  unset: readonly string[],
  state: { readonly variables: Variables; readonly declaredArgs: Variables },
  checks: Checks,
): void {
  // BuildKit does not look at ports.
  if (instruction.kind === 'EXPOSE') return;
  for (const name of unset) {
    if (state.declaredArgs.has(name)) continue;
    const near = findNearest(name, state.variables.keys());
    const hint = near === undefined ? '' : ` (did you mean $${near}?)`;
    checks.report('UndefinedVar', instruction, `Usage of undefined variable '$${name}'${hint}`);
  }
}

const once = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

export function checkOnce(
  instruction: Instruction,
  { lastOf }: { readonly lastOf: Map<string, Instruction> },
  checks: Checks,
): void {
  const { kind } = instruction;
  if (!once.includes(kind)) return;
  const before = lastOf.get(kind);
  lastOf.set(kind, instruction);
  if (before === undefined) return;
  const message = `Multiple ${instruction.keyword} instructions should not be used in the same stage because only the last one will be used`;
  checks.report('MultipleInstructionsDisallowed', before, message);
}

export function checkLegacyPairs(instruction: PairsInstruction, checks: Checks): void {
  const { keyword, isLegacy } = instruction;
  if (!isLegacy) return;
  const message = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
  checks.report('LegacyKeyValueFormat', instruction, message);
}

const secretName =
  /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmlessName = /(?:_|^)(?:public|file|version)(?:_|$)/i;

export function checkSecretName(kind: string, name: string, instruction: Instruction, checks: Checks): void {
  if (!secretName.test(name) || harmlessName.test(name)) return;
  const message = `Do not use ARG or ENV instructions for sensitive data (${kind} "${name}")`;
  checks.report('SecretsUsedInArgOrEnv', instruction, message);
}

export function checkWorkdir(
  instruction: TextInstruction,
  value: string,
  { hasWorkdir }: { readonly hasWorkdir: boolean },
  checks: Checks,
): void {
  if (hasWorkdir || value.startsWith('/')) return;
  const message = `Relative workdir "${value}" can have unexpected results if the base image changes`;
  checks.report('WorkdirRelativePath', instruction, message);
}

export function checkExpose(word: string, instruction: WordsInstruction, checks: Checks): void {
  const [, protocol = ''] = word.split('/');
  if (protocol !== protocol.toLowerCase()) {
    const message = `Defined protocol '${word}' in EXPOSE instruction should be lowercase`;
    checks.report('ExposeProtoCasing', instruction, message);
  }
  if (!word.includes(':')) return;
  const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`;
  checks.report('ExposeInvalidFormat', instruction, message);
}
