// A Dockerfile's instructions as stages. Pure.

import type { ArgInstruction, FromInstruction, Instruction } from '../dockerfile/instruction.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import { problem } from '../dockerfile/problem.ts';

export interface Stage {
  readonly index: number;
  /** Lower case. */
  readonly name?: string;
  readonly from: FromInstruction;
  /** Behind FROM. */
  readonly instructions: readonly Instruction[];
}

export interface StageList {
  /** In front of the first FROM: for FROM alone, until a stage asks for them. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}

export function splitStages({ instructions, text, file }: Dockerfile): StageList {
  const globalArgs: ArgInstruction[] = [];
  const stages: { index: number; name?: string; from: FromInstruction; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    const current = stages.at(-1);
    if (instruction.kind === 'FROM') {
      const { stage: name } = instruction;
      stages.push({ index: stages.length, ...(name && { name }), from: instruction, instructions: [] });
    } else if (current) current.instructions.push(instruction);
    else if (instruction.kind === 'ARG') globalArgs.push(instruction);
    else {
      const hints = ['only ARG may stand before the first FROM'];
      throw problem(`${instruction.kind} stands before the first FROM`, text, instruction.at, hints);
    }
  }
  if (stages.length > 0) return { globalArgs, stages };
  throw problem('the Dockerfile has no FROM', text, { file, line: 1, col: 1 });
}

/** By name, lower case, the last of several; or by number. */
export function findStage(stages: readonly Stage[], reference: string): Stage | undefined {
  const name = reference.toLowerCase();
  const byName = stages.findLast((stage) => stage.name === name);
  return byName ?? (/^\d+$/.test(reference) ? stages[Number(reference)] : undefined);
}

export function stageTitle({ index, name }: Stage): string {
  return name ?? `stage-${index}`;
}
