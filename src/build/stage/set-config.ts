// Instructions that change an image's config and no files. Pure but for the state that they are given.

import { posix } from 'node:path';
import type { RawConfig } from '../../image/changes.ts';
import { parseSignal } from '../../runtime/signals.ts';
import { checkExpose, checkLegacyPairs, checkSecretName, checkWorkdir } from '../check/stage.ts';
import type {
  ArgInstruction,
  CommandInstruction,
  CommandLine,
  HealthcheckInstruction,
  OnbuildInstruction,
  PairsInstruction,
  ShellInstruction,
  TextInstruction,
  WordsInstruction,
} from '../dockerfile/instruction.ts';
import { problem } from '../dockerfile/problem.ts';
import { parseExposed } from './expose.ts';
import { formatHealthcheck } from './history-text.ts';
import type { StageState } from './stage-state.ts';
import type { WorkdirStep } from './step.ts';

export function declareArgs(state: StageState, instruction: ArgInstruction): void {
  const { input, plan, checks } = state.context;
  const texts = instruction.args.map((arg) => {
    checkSecretName('ARG', arg.name, instruction, checks);
    const given = input.args[arg.name];
    const fallback =
      arg.value === undefined ? plan.globals.variables.get(arg.name) : state.expand(arg.value, instruction);
    const value = given ?? fallback;
    state.declare(arg, value);
    return value === undefined ? arg.name : `${arg.name}=${value}`;
  });
  state.record(`ARG ${texts.join(' ')}`);
}

export function setEnvironment(state: StageState, instruction: PairsInstruction): void {
  const { checks } = state.context;
  checkLegacyPairs(instruction, checks);
  const pairs = expandPairs(state, instruction);
  for (const { name, value } of pairs) {
    checkSecretName('ENV', name, instruction, checks);
    state.variables.set(name, value);
    state.set({ Env: replaceVariable((state.config['Env'] as string[]) ?? [], name, value) });
  }
  state.record(`ENV ${pairs.map(({ name, value }) => `${name}=${value}`).join(' ')}`);
}

/** All of an instruction's pairs see the variables as they were before it. */
function expandPairs(state: StageState, instruction: PairsInstruction) {
  return instruction.pairs.map(({ name, value }) => ({
    name: state.expand(name, instruction),
    value: state.expand(value, instruction),
  }));
}

function replaceVariable(environment: readonly string[], name: string, value: string): string[] {
  const text = `${name}=${value}`;
  const index = environment.findIndex((each) => each.split('=')[0] === name);
  return index < 0 ? [...environment, text] : environment.with(index, text);
}

export function setLabels(state: StageState, instruction: PairsInstruction): void {
  checkLegacyPairs(instruction, state.context.checks);
  const pairs = expandPairs(state, instruction);
  const labels = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
  state.set({ Labels: { ...(state.config['Labels'] as object), ...labels } });
  state.record(`LABEL ${pairs.map(({ name, value }) => `${name}=${value}`).join(' ')}`);
}

export function withShell(state: StageState, command: CommandLine): readonly string[] {
  return command.form === 'exec' ? command.words : [...state.shell, command.line];
}

export function setCommand(state: StageState, instruction: CommandInstruction): void {
  const { kind, command, keyword } = instruction;
  if (command.form === 'shell' && state.config['Shell'] === undefined) {
    const message = `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`;
    state.context.checks.report('JSONArgsRecommended', instruction, message);
  }
  const words = withShell(state, command);
  const value = words.length === 0 ? undefined : words;
  if (kind === 'CMD') state.set({ Cmd: value, ArgsEscaped: true });
  // A command that was made for another entry point goes with it.
  else state.set({ Entrypoint: value, ...(state.lastOf.has('CMD') ? {} : { Cmd: undefined }) });
  state.record(`${kind} [${words.map((word) => JSON.stringify(word)).join(' ')}]`);
}

export function setShell(state: StageState, { words }: ShellInstruction): void {
  state.set({ Shell: words });
  state.record(`SHELL [${words.join(' ')}]`);
}

export function expose(state: StageState, instruction: WordsInstruction): void {
  // Sorted as they are written, not as what they stand for.
  const words = [...instruction.words].sort().flatMap((word) => state.expandWords(word, instruction));
  const ports = words.flatMap((word) => {
    checkExpose(word, instruction, state.context.checks);
    const parsed = parseExposed(word);
    if (parsed !== undefined) return parsed;
    const hints = ['for example: EXPOSE 80 443/udp 8000-8010'];
    throw problem(`"${word}" is not a port`, state.context.plan.language.text, instruction.at, hints);
  });
  const exposed = Object.fromEntries([...ports].sort().map((port) => [port, {}]));
  state.set({ ExposedPorts: { ...(state.config['ExposedPorts'] as object), ...exposed } });
  state.record(`EXPOSE [${ports.join(' ')}]`);
}

export function addVolumes(state: StageState, instruction: WordsInstruction): void {
  const volumes = instruction.words.map((word) => state.expand(word, instruction));
  if (volumes.includes(''))
    throw problem('VOLUME names no directory', state.context.plan.language.text, instruction.at);
  const all = Object.fromEntries(volumes.map((volume) => [volume, {}]));
  state.set({ Volumes: { ...(state.config['Volumes'] as object), ...all } });
  state.record(`VOLUME [${volumes.join(' ')}]`);
}

export function setHealthcheck(state: StageState, instruction: HealthcheckInstruction): void {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction;
  const test =
    command === undefined
      ? ['NONE']
      : command.form === 'exec'
        ? ['CMD', ...command.words]
        : ['CMD-SHELL', command.line];
  const healthcheck: RawConfig = {
    Test: test,
    ...(interval && { Interval: interval }),
    ...(timeout && { Timeout: timeout }),
    ...(startPeriod && { StartPeriod: startPeriod }),
    ...(startInterval && { StartInterval: startInterval }),
    ...(retries && { Retries: retries }),
  };
  state.set({ Healthcheck: healthcheck });
  state.record(`HEALTHCHECK ${formatHealthcheck(test, instruction)}`);
}

export function keepTrigger(state: StageState, { trigger }: OnbuildInstruction): void {
  state.set({ OnBuild: [...((state.config['OnBuild'] as readonly string[] | undefined) ?? []), trigger] });
}

export function setText(state: StageState, instruction: TextInstruction, isTrigger: boolean): void {
  const { kind } = instruction;
  const value = kind === 'MAINTAINER' ? instruction.value : state.expand(instruction.value, instruction);
  switch (kind) {
    case 'MAINTAINER':
      state.author = value;
      break;
    case 'USER':
      state.set({ User: value === '' ? undefined : value });
      break;
    case 'STOPSIGNAL':
      if (parseSignal(value) === undefined)
        throw problem(`"${value}" is not a signal`, state.context.plan.language.text, instruction.at);
      state.set({ StopSignal: value });
      break;
    case 'WORKDIR':
      changeDirectory(state, instruction, value, isTrigger);
      return;
  }
  state.record(`${kind} ${value}`);
}

/** An absolute one is kept as it is written, as BuildKit does. */
function joinDirectory(directory: string, value: string): string {
  if (value === '') return directory;
  return value.startsWith('/') ? value : posix.resolve('/', directory, value);
}

function changeDirectory(
  state: StageState,
  instruction: TextInstruction,
  value: string,
  isTrigger: boolean,
): void {
  checkWorkdir(instruction, value, state, state.context.checks);
  state.hasWorkdir = true;
  const written = joinDirectory(state.workingDir, value);
  const path = posix.resolve('/', written);
  state.set({ WorkingDir: written });
  const createdBy = `WORKDIR ${written}`;
  const title = state.title(createdBy, isTrigger);
  const step: WorkdirStep = { kind: 'workdir', at: instruction.at, title, createdBy, path, user: state.user };
  state.record(createdBy, step);
}
