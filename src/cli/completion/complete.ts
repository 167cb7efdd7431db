// What may stand where the cursor is. The shells' scripts ask for it at each TAB, so that they hold no grammar of their own.

import type { FlagToken } from '../argv.ts';
import type { Command } from '../command.ts';
import type { FlagSpec, FlagSpecs } from '../flag.ts';
import { globalFlags } from '../global-flags.ts';
import { findVerb, verbs } from '../verb-table.ts';

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The shell's own completion of paths. */
  readonly paths?: 'files' | 'directories';
}

export interface Candidate {
  readonly word: string;
  readonly summary?: string;
}

/** Names of the project's services, given the global flags on the line; none if there is no project. */
export type ServiceLister = (globals: readonly FlagToken[]) => readonly string[];

/** Names of the images that are here, given the global flags on the line. */
export type ImageLister = (globals: readonly FlagToken[]) => Promise<readonly string[]>;

/** `words` is the line without the program's name; its last word is what is being typed, perhaps empty. */
export async function complete(
  words: readonly string[],
  listServices: ServiceLister,
  listImages: ImageLister = () => Promise.resolve([]),
): Promise<Completion> {
  const typed = joinAssignments(words);
  const current = typed.at(-1) ?? '';
  const line = await readLine(typed.slice(0, -1));
  const services = () => listServices(line.globals).map((word) => ({ word }));
  const images = async () => ({
    candidates: (await listImages(line.globals)).map((word) => ({ word })),
  });
  const found = wantsImage(line, current) ? await images() : propose(line, current, services);
  return { ...found, candidates: found.candidates.filter(({ word }) => word.startsWith(current)) };
}

/** Bash takes `--flag=value` apart at the sign: what follows it is a word of its own, as it is without the sign. */
function joinAssignments(words: readonly string[]): readonly string[] {
  const kept = words.filter((word, at) => word !== '=' || at === 0);
  return words.length > 1 && words.at(-1) === '=' ? [...kept, ''] : kept;
}

interface Line {
  readonly verb: readonly string[];
  readonly command: Command | undefined;
  readonly operands: readonly string[];
  readonly globals: readonly FlagToken[];
  /** The flag whose value comes next. */
  readonly pending: FlagSpec | undefined;
  readonly flagsEnded: boolean;
}

/** Forgiving: somebody who is typing has not finished. */
async function readLine(words: readonly string[]): Promise<Line> {
  const globals: FlagToken[] = [];
  const verb: string[] = [];
  const operands: string[] = [];
  let command: Command | undefined;
  let pending: NamedFlag | undefined;
  let flagsEnded = false;
  const readWord = async (word: string) => {
    if (word === '--') {
      flagsEnded = true;
    } else if (word.startsWith('-')) {
      pending = findPending(word, [command?.flags ?? {}, globalFlags], globals);
    } else if (command === undefined) {
      verb.push(word);
      command = (await findVerb(verb[0] ?? '', verb[1])?.entry.load())?.command;
    } else {
      operands.push(word);
      flagsEnded = command.passthrough ?? false;
    }
  };
  for (const word of words) {
    if (flagsEnded) operands.push(word);
    else if (pending === undefined) await readWord(word);
    else {
      if (Object.hasOwn(globalFlags, pending.name)) globals.push({ name: pending.name, value: word });
      pending = undefined;
    }
  }
  return { verb, command, operands, globals, pending: pending?.spec, flagsEnded };
}

interface NamedFlag {
  readonly name: string;
  readonly spec: FlagSpec;
}

/** The flag of a word if its value is still to come; an attached value of a global flag is noted. */
function findPending(
  word: string,
  layers: readonly FlagSpecs[],
  globals: FlagToken[],
): NamedFlag | undefined {
  const equals = word.indexOf('=');
  const flag = findFlag(equals < 0 ? word : word.slice(0, equals), layers);
  if (flag === undefined || flag.spec.type === 'boolean') return undefined;
  if (equals < 0) return flag;
  if (Object.hasOwn(globalFlags, flag.name)) globals.push({ name: flag.name, value: word.slice(equals + 1) });
  return undefined;
}

function findFlag(spelled: string, layers: readonly FlagSpecs[]): NamedFlag | undefined {
  for (const layer of layers) {
    for (const [name, spec] of Object.entries(layer)) {
      const isShort = spec.char !== undefined && spelled === `-${spec.char}`;
      if (isShort || spelled === `--${name}`) return { name, spec };
    }
  }
  return undefined;
}

/** Operands that are images; a new name often begins as an old one. */
function wantsImage({ command, flagsEnded, pending }: Line, current: string): boolean {
  if (command === undefined || pending !== undefined || (current.startsWith('-') && !flagsEnded))
    return false;
  return /\bIMAGE\b|^NAME/.test(command.operands);
}

function propose(line: Line, current: string, services: () => readonly Candidate[]): Completion {
  const { command, operands, pending } = line;
  if (pending !== undefined) return proposeValue(pending, services);
  if (current.startsWith('-') && !line.flagsEnded) return proposeFlag(line, current, services);
  if (command === undefined) return { candidates: listVerbs(line.verb) };
  if (command.choices !== undefined) return { candidates: command.choices.map((word) => ({ word })) };
  // Somewhere else, and not on this disk.
  if (/^(HOST|REPOSITORY|CONTAINER|\[HOST)/.test(command.operands)) return { candidates: [] };
  const takesService = /SERVICE\S*\.\.\./.test(command.operands) || operands.length === 0;
  if (!command.operands.includes('SERVICE') || !takesService) return { candidates: [], paths: 'files' };
  const suffix = command.operands.includes('SERVICE=N') ? '=' : '';
  return { candidates: services().map(({ word }) => ({ word: `${word}${suffix}` })) };
}

/** `--flag`, or `--flag=value` as one word. */
function proposeFlag(line: Line, current: string, services: () => readonly Candidate[]): Completion {
  const [spelled = '', ...rest] = current.split('=');
  if (rest.length === 0) return { candidates: listFlags(line) };
  const flag = findFlag(spelled, [line.command?.flags ?? {}, globalFlags]);
  const values = flag === undefined ? [] : proposeValue(flag.spec, services).candidates;
  return { candidates: values.map(({ word }) => ({ word: `${spelled}=${word}` })) };
}

function proposeValue(spec: FlagSpec, services: () => readonly Candidate[]): Completion {
  if (spec.type === 'boolean') return { candidates: [] };
  if (spec.type === 'string' && spec.options) return { candidates: spec.options.map((word) => ({ word })) };
  if (spec.value === 'FILE') return { candidates: [], paths: 'files' };
  if (spec.value === 'DIR') return { candidates: [], paths: 'directories' };
  return { candidates: spec.value.startsWith('SERVICE') ? services() : [] };
}

function listVerbs(typed: readonly string[]): Candidate[] {
  const prefix = typed.map((word) => `${word} `).join('');
  const candidates = new Map<string, Candidate>();
  for (const [verb, { summary }] of Object.entries(verbs)) {
    if (!verb.startsWith(prefix)) continue;
    const [word = '', ...more] = verb.slice(prefix.length).split(' ');
    // The first word of several verbs is one candidate, and none of their summaries is its own.
    candidates.set(word, more.length === 0 ? { word, summary } : { word });
  }
  return [...candidates.values()];
}

function listFlags({ command }: Line): Candidate[] {
  const specs: FlagSpecs = { ...command?.flags, ...globalFlags };
  return Object.entries(specs)
    .filter(([, spec]) => !spec.hidden && !spec.refused)
    .map(([name, spec]) => ({ word: `--${name}`, summary: spec.summary }));
}
