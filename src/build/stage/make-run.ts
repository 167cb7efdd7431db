// RUN as a step. Pure but for the state that it is given.

import { posix } from 'node:path';
import { contentOf, parseHeredoc } from '../dockerfile/heredoc.ts';
import type { RunInstruction } from '../dockerfile/instruction.ts';
import { problem } from '../dockerfile/problem.ts';
import { type MountOption, parseMountOption } from '../run/mount-option.ts';
import { resolveFrom, type SourceReference } from './plan.ts';
import { proxyVariables } from './scope.ts';
import { withShell } from './set-config.ts';
import type { StageState } from './stage-state.ts';
import type { RunMount, RunStep } from './step.ts';

/** Where a here-document that is a program is mounted (BuildKit's). */
export const scriptDirectory = '/dev/pipes';

export function makeRun(state: StageState, instruction: RunInstruction, isTrigger: boolean): void {
  const { command, script } = resolveCommand(state, instruction);
  const { input } = state.context;
  const shown = instruction.text.replace(/^\S+/, 'RUN').replace(/\s+/g, ' ');
  const step: RunStep = {
    kind: 'run',
    at: instruction.at,
    title: state.title(shown, isTrigger),
    createdBy: `RUN ${describeArgs(state)}${command.join(' ')} # buildkit`,
    command,
    environment: Object.fromEntries(state.variables),
    proxies: proxyVariables(input.args),
    workingDir: state.workingDir,
    user: state.user,
    mounts: instruction.mounts.map((text) => resolveMount(state, instruction, text)),
    network: (instruction.network as RunStep['network'] | undefined) ?? input.network,
    isInsecure: instruction.security === 'insecure',
    ...(script && { script }),
  };
  state.record(step.createdBy, step);
}

/** `|2 a=1 b=2 `: what the command saw beside the image's environment. */
function describeArgs({ declaredArgs, variables }: StageState): string {
  const args = [...declaredArgs].map(([name, value]) => `${name}=${variables.get(name) ?? value}`);
  return args.length === 0 ? '' : `|${args.length} ${args.join(' ')} `;
}

function resolveCommand(state: StageState, instruction: RunInstruction): Pick<RunStep, 'command' | 'script'> {
  const { command, heredocs, at } = instruction;
  const [first] = heredocs;
  if (first === undefined) return { command: withShell(state, command) };
  if (command.form === 'exec')
    throw problem('a list takes no here-documents', state.context.plan.language.text, at);
  if (parseHeredoc(command.line) === undefined) {
    // The shell reads them itself.
    const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
    return { command: [...state.shell, command.line + bodies] };
  }
  const content = contentOf(first);
  if (!content.startsWith('#!')) return { command: [...state.shell, content] };
  const path = posix.join(scriptDirectory, first.name);
  return { command: [...state.shell, path], script: { name: first.name, content } };
}

function resolveMount(state: StageState, instruction: RunInstruction, text: string): RunMount {
  const { from, target, ...option } = parse(state, instruction, text);
  return {
    ...option,
    ...(target === undefined ? {} : { target: posix.resolve('/', state.workingDir, target) }),
    ...resolveOrigin(state, option.type, from),
  };
}

function parse(state: StageState, instruction: RunInstruction, text: string): MountOption {
  try {
    const option = parseMountOption(expandFields(state, instruction, text));
    if (option.target !== undefined && posix.resolve('/', state.workingDir, option.target) === '/')
      throw new SyntaxError('a mount cannot be the root');
    return option;
  } catch (error) {
    if (error instanceof SyntaxError)
      throw problem(`--mount=${text}: ${error.message}`, state.context.plan.language.text, instruction.at);
    throw error;
  }
}

/** Variables are expanded in every value but that of `from`. */
function expandFields(state: StageState, instruction: RunInstruction, text: string): string {
  return text
    .split(',')
    .map((field) =>
      /^"?from=/i.test(field) || !field.includes('$') ? field : state.expand(field, instruction),
    )
    .join(',');
}

function resolveOrigin(
  { context }: StageState,
  type: MountOption['type'],
  from: string | undefined,
): { from?: SourceReference } {
  if (from !== undefined) return { from: resolveFrom(from, context.plan.all, context.input) };
  return type === 'bind' ? { from: { kind: 'context' } } : {};
}
