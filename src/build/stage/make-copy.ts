// COPY and ADD as a step. Pure but for the state that it is given.

import { posix } from 'node:path';
import { parseChmod } from '../copy/chmod.ts';
import { contentOf } from '../dockerfile/heredoc.ts';
import type { CopyInstruction } from '../dockerfile/instruction.ts';
import { problem } from '../dockerfile/problem.ts';
import { resolveFrom, type SourceReference } from './plan.ts';
import type { StageState } from './stage-state.ts';
import type { CopySource, CopyStep } from './step.ts';

export function makeCopy(state: StageState, instruction: CopyInstruction, isTrigger: boolean): void {
  const { kind } = instruction;
  const expand = (word: string) => state.expand(word, instruction);
  const paths = instruction.sources.map(expand);
  const destination = expand(instruction.destination);
  const chown = optional(instruction.chown, expand);
  const chmod = optional(instruction.chmod, expand);
  checkOptions(state, instruction, { chmod, paths });
  const shown = [...paths, ...instruction.heredocs.map(({ name }) => `<<${name}`), destination].join(' ');
  const flags = [
    instruction.parents && '--parents',
    chown !== undefined && `--chown=${chown}`,
    chmod !== undefined && `--chmod=${chmod}`,
  ].filter((flag) => flag !== false);
  const step: CopyStep = {
    kind: 'copy',
    instruction: kind,
    at: instruction.at,
    title: state.title(instruction.text.replace(/^\S+/, kind).replace(/\s+/g, ' '), isTrigger),
    createdBy: `${[kind, ...flags, shown].join(' ')} # buildkit`,
    from: resolveOrigin(state, instruction),
    sources: [...paths.map((path) => describeSource(kind, path)), ...listInline(state, instruction)],
    destination: resolveDestination(state.workingDir, destination),
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    isLink: instruction.isLink,
    parents: instruction.parents,
    exclude: instruction.exclude.map(expand),
    ...(instruction.checksum === undefined ? {} : { checksum: expand(instruction.checksum) }),
    keepGitDir: instruction.keepGitDir === true,
    ...(instruction.unpack === undefined ? {} : { unpack: instruction.unpack }),
  };
  state.record(step.createdBy, step);
}

function optional(text: string | undefined, expand: (word: string) => string): string | undefined {
  return text === undefined ? undefined : expand(text);
}

/** A slash at the end, or a dot, says that it is a directory. */
function resolveDestination(workingDir: string, destination: string): string {
  const isDirectory = /(^|\/)\.{0,2}$/.test(destination);
  const path = posix.resolve('/', workingDir, destination);
  return isDirectory && path !== '/' ? `${path}/` : path;
}

function listInline(state: StageState, instruction: CopyInstruction): CopySource[] {
  return instruction.heredocs.map((heredoc) => {
    const content = contentOf(heredoc);
    const options = { escapeToken: '\\', plainQuotes: true };
    return {
      kind: 'inline',
      name: heredoc.name,
      content: heredoc.isExpanded ? state.expand(content, instruction, options) : content,
    };
  });
}

function describeSource(kind: 'COPY' | 'ADD', path: string): CopySource {
  if (kind === 'COPY') return { kind: 'path', path };
  if (isGit(path)) return { kind: 'git', url: path };
  return /^https?:\/\//.test(path) ? { kind: 'url', url: path } : { kind: 'path', path };
}

/** `https://host/x.git#ref`, `git@host:x.git`, `git://...`, `ssh://...`. */
export function isGit(text: string): boolean {
  const [address = ''] = text.split('#');
  if (/^(git|ssh):\/\//.test(address) || /^[\w.-]+@[\w.-]+:/.test(address)) return true;
  return /^https?:\/\/.*\.git\/?$/.test(address);
}

function resolveOrigin(state: StageState, instruction: CopyInstruction): SourceReference {
  const { plan, input } = state.context;
  if (instruction.from === undefined) return { kind: 'context' };
  if (/\$./.test(instruction.from)) {
    const hints = ['name a stage: FROM $IMAGE AS name, then COPY --from=name'];
    throw problem('--from takes no variables', plan.language.text, instruction.at, hints);
  }
  return resolveFrom(instruction.from, plan.all, input);
}

function checkOptions(
  { context }: StageState,
  { at, checksum }: CopyInstruction,
  { chmod, paths }: { readonly chmod: string | undefined; readonly paths: readonly string[] },
): void {
  const refuse = (message: string) => problem(message, context.plan.language.text, at);
  if (chmod !== undefined && parseChmod(chmod) === undefined)
    throw refuse(`"${chmod}" is not a mode: write 755, or u=rwX,go=rX`);
  if (checksum === undefined) return;
  const isRemote = paths.length === 1 && describeSource('ADD', paths[0] ?? '').kind !== 'path';
  if (!isRemote) throw refuse('--checksum is for one URL or one Git repository');
}
