// Checks of a whole Dockerfile as it is written, stages that are not built included. Pure.

import type { ArgInstruction, FromInstruction, Instruction } from '../dockerfile/instruction.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import type { Variables } from '../stage/scope.ts';
import type { Checks } from './checks.ts';
import { checkDefaultBases } from './from.ts';

export function checkFile(dockerfile: Dockerfile, predefined: Variables, checks: Checks): void {
  const { instructions, emptyContinuations, directives } = dockerfile;
  for (const at of emptyContinuations)
    checks.report('NoEmptyContinuation', { at }, 'Empty continuation line');
  checkCasing(instructions, checks);
  const froms = instructions.filter((each): each is FromInstruction => each.kind === 'FROM');
  checkStageNames(froms, checks);
  for (const instruction of instructions) checkInstruction(instruction, checks);
  const first = instructions.findIndex(({ kind }) => kind === 'FROM');
  const globalArgs = instructions
    .slice(0, first)
    .filter((each): each is ArgInstruction => each.kind === 'ARG');
  checkDefaultBases(froms, globalArgs, predefined, directives.escapeToken, checks);
}

function checkCasing(instructions: readonly Instruction[], checks: Checks): void {
  const lower = instructions.filter(({ keyword }) => keyword === keyword.toLowerCase()).length;
  const upper = instructions.filter(({ keyword }) => keyword === keyword.toUpperCase()).length;
  const isLower = lower > upper;
  for (const instruction of instructions) {
    const { keyword } = instruction;
    const expected = isLower ? keyword.toLowerCase() : keyword.toUpperCase();
    if (keyword === expected) continue;
    const casing = isLower ? 'lowercase' : 'uppercase';
    const message = `Command '${keyword}' should match the case of the command majority (${casing})`;
    checks.report('ConsistentInstructionCasing', instruction, message);
  }
}

const reserved = ['context', 'scratch'];

function checkStageNames(froms: readonly FromInstruction[], checks: Checks): void {
  const seen = new Set<string>();
  for (const from of froms) {
    const [as = '', written = ''] = from.as ?? [];
    if (from.stage === undefined) continue;
    const name = from.stage;
    if (written !== name)
      checks.report('StageNameCasing', from, `Stage name '${written}' should be lowercase`);
    if (!matchesCase(from.keyword, as))
      checks.report('FromAsCasing', from, `'${as}' and '${from.keyword}' keywords' casing do not match`);
    if (reserved.includes(name)) {
      const message = `Stage name should not use the same name as reserved stage "${name}"`;
      checks.report('ReservedStageName', from, message);
    }
    if (seen.has(name)) {
      const message = `Duplicate stage name "${name}", stage names should be unique`;
      checks.report('DuplicateStageName', from, message);
    }
    seen.add(name);
  }
}

/** A keyword of mixed case is another check's affair. */
function matchesCase(from: string, as: string): boolean {
  if (from === from.toLowerCase()) return as === as.toLowerCase();
  return from !== from.toUpperCase() || as === as.toUpperCase();
}

function checkInstruction(instruction: Instruction, checks: Checks): void {
  if (instruction.kind === 'MAINTAINER') {
    const message = 'Maintainer instruction is deprecated in favor of using label';
    checks.report('MaintainerDeprecated', instruction, message);
  }
  if (instruction.kind === 'ARG')
    checkDescription(
      instruction,
      'ARG',
      instruction.args.map(({ name }) => name),
      checks,
    );
  if (instruction.kind === 'FROM' && instruction.stage !== undefined)
    checkDescription(instruction, 'FROM', [instruction.stage], checks);
}

function checkDescription(
  instruction: Instruction,
  kind: string,
  names: readonly string[],
  checks: Checks,
): void {
  const comment = instruction.comments.at(-1);
  if (comment === undefined || names.includes(comment.split(' ')[0] ?? '')) return;
  const [example] = names.length > 1 ? ['<arg_key>'] : names;
  const message = `Comment for ${kind} should follow the format: \`# ${example} <description>\``;
  checks.report('InvalidDefinitionDescription', instruction, message);
}
