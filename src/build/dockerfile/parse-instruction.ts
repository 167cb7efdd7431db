// One logical line as an instruction. Pure; throws SyntaxError with a message for people.

import { parseDuration } from '../../base/duration.ts';
import { findNearest } from '../../base/suggest.ts';
import {
  parseCommandLine,
  parseJsonList,
  parseList,
  parsePairs,
  splitBlanks,
  splitQuoted,
} from './arguments.ts';
import { type GivenFlag, readFlags } from './flags.ts';
import type { Heredoc } from './heredoc.ts';
import type {
  ArgInstruction,
  FromInstruction,
  HealthcheckInstruction,
  Instruction,
  InstructionKind,
  OnbuildInstruction,
  RunInstruction,
} from './instruction.ts';
import { parseCopy } from './parse-copy.ts';

/** What every instruction has is added by parse.ts. */
type OwnKeys<I> = I extends unknown
  ? Exclude<keyof I, 'at' | 'lastLine' | 'text' | 'keyword' | 'comments'>
  : never;
export type Rest<I extends Instruction> = I extends unknown ? Pick<I, OwnKeys<I> & keyof I> : never;

export interface InstructionSource {
  readonly flags: readonly GivenFlag[];
  /** Behind the flags, trimmed. */
  readonly operands: string;
  readonly heredocs: readonly Heredoc[];
  readonly escapeToken: string;
  /** The keyword and all that follows. */
  readonly text: string;
  /** Told where in the text what is read next stands. */
  onOffset(offset: number): void;
}

type Parse = (source: InstructionSource) => Rest<Instruction>;

const parsers: Readonly<Record<InstructionKind, Parse>> = {
  FROM: parseFrom,
  ARG: parseArg,
  ENV: (source) => ({ kind: 'ENV', ...parsePairs(plain(source), 'ENV', source.escapeToken) }),
  LABEL: (source) => ({ kind: 'LABEL', ...parsePairs(plain(source), 'LABEL', source.escapeToken) }),
  RUN: parseRun,
  COPY: (source) => parseCopy(source, 'COPY'),
  ADD: (source) => parseCopy(source, 'ADD'),
  CMD: (source) => ({ kind: 'CMD', command: parseCommandLine(plain(source)) }),
  ENTRYPOINT: (source) => ({ kind: 'ENTRYPOINT', command: parseCommandLine(plain(source)) }),
  SHELL: parseShell,
  WORKDIR: (source) => ({ kind: 'WORKDIR', value: required(source, 'WORKDIR') }),
  USER: (source) => ({ kind: 'USER', value: required(source, 'USER') }),
  STOPSIGNAL: (source) => ({ kind: 'STOPSIGNAL', value: required(source, 'STOPSIGNAL') }),
  MAINTAINER: (source) => ({ kind: 'MAINTAINER', value: required(source, 'MAINTAINER') }),
  EXPOSE: (source) => ({ kind: 'EXPOSE', words: splitBlanks(required(source, 'EXPOSE')) }),
  VOLUME: parseVolume,
  HEALTHCHECK: parseHealthcheck,
  ONBUILD: parseOnbuild,
};

export function parseInstruction(keyword: string, source: InstructionSource): Rest<Instruction> {
  const name = keyword.toUpperCase();
  if (Object.hasOwn(parsers, name)) return parsers[name as InstructionKind](source);
  const near = findNearest(name, Object.keys(parsers));
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  throw new SyntaxError(`"${keyword}" is not an instruction${hint}`);
}

/** Of an instruction that has no flags. */
function plain({ flags, operands, onOffset }: InstructionSource): string {
  readFlags({}, flags, onOffset);
  return operands;
}

function required(source: InstructionSource, kind: string): string {
  const text = plain(source);
  if (text === '') throw new SyntaxError(`${kind} needs an operand`);
  return text;
}

function parseFrom({ flags, operands, onOffset }: InstructionSource): Rest<FromInstruction> {
  const { platform } = readFlags({ platform: 'text' }, flags, onOffset);
  const [image, as, name, ...more] = splitBlanks(operands);
  if (image === undefined) throw new SyntaxError('FROM names no image');
  const common = { kind: 'FROM', image, ...(platform ? { platform } : {}) } as const;
  if (as === undefined) return common;
  if (!/^as$/i.test(as) || name === undefined || more.length > 0) {
    throw new SyntaxError('FROM takes an image, or an image and "AS" and a name');
  }
  const stage = name.toLowerCase();
  if (!/^[a-z][a-z0-9-_.]*$/.test(stage)) {
    throw new SyntaxError(
      `"${name}" is not a name for a stage: it begins with a letter; -, _ and . may follow`,
    );
  }
  return { ...common, stage, as: [as, name] };
}

function parseArg(source: InstructionSource): Rest<ArgInstruction> {
  const words = splitQuoted(required(source, 'ARG'), source.escapeToken);
  const args = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw new SyntaxError(`"${word}" has no name`);
    return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { kind: 'ARG', args };
}

const runFlags = { mount: 'list', network: 'text', security: 'text', device: 'list' } as const;

function parseRun({ flags, operands, heredocs, onOffset }: InstructionSource): Rest<RunInstruction> {
  const { mount, network, security, device } = readFlags(runFlags, flags, onOffset);
  if (device.length > 0) throw new SyntaxError('--device is not supported: a build gives no devices');
  if (network !== undefined && !['default', 'none', 'host'].includes(network))
    throw new SyntaxError(`--network is default, none or host, not "${network}"`);
  if (security !== undefined && !['sandbox', 'insecure'].includes(security))
    throw new SyntaxError(`--security is sandbox or insecure, not "${security}"`);
  return {
    kind: 'RUN',
    command: parseCommandLine(operands),
    heredocs,
    mounts: mount,
    ...(network === undefined ? {} : { network }),
    ...(security === undefined ? {} : { security }),
  };
}

function parseShell(source: InstructionSource): Rest<Instruction> {
  const words = parseJsonList(plain(source));
  if (words === undefined) throw new SyntaxError('SHELL takes a list such as ["/bin/sh", "-c"]');
  if (words.length === 0) throw new SyntaxError('SHELL names no program');
  return { kind: 'SHELL', words };
}

function parseVolume(source: InstructionSource): Rest<Instruction> {
  const words = parseList(required(source, 'VOLUME')).map((word) => word.trim());
  if (words.includes('') || words.length === 0) throw new SyntaxError('VOLUME names no directory');
  return { kind: 'VOLUME', words };
}

const healthFlags = {
  interval: 'text',
  timeout: 'text',
  'start-period': 'text',
  'start-interval': 'text',
  retries: 'text',
} as const;

function parseHealthcheck({ flags, operands, onOffset }: InstructionSource): Rest<HealthcheckInstruction> {
  const [, type = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(operands) ?? [];
  if (/^none$/i.test(type)) {
    if (rest !== '') throw new SyntaxError('HEALTHCHECK NONE takes no operands');
    return { kind: 'HEALTHCHECK' };
  }
  const values = readFlags(healthFlags, flags, onOffset);
  if (!/^cmd$/i.test(type)) throw new SyntaxError('after HEALTHCHECK comes NONE or CMD');
  if (rest === '') throw new SyntaxError('HEALTHCHECK CMD names no command');
  return {
    kind: 'HEALTHCHECK',
    command: parseCommandLine(rest),
    ...readSpan('interval', values.interval, 'interval'),
    ...readSpan('timeout', values.timeout, 'timeout'),
    ...readSpan('startPeriod', values['start-period'], 'start-period'),
    ...readSpan('startInterval', values['start-interval'], 'start-interval'),
    ...readRetries(values.retries),
  };
}

function readSpan<K extends string>(
  key: K,
  text: string | undefined,
  flag: string,
): Partial<Record<K, number>> {
  if (text === undefined) return {};
  const span = parseDuration(text);
  if (span === undefined || span < 0)
    throw new SyntaxError(`--${flag}: "${text}" is not a duration such as 1m30s`);
  if (span > 0 && span < 1e6) throw new SyntaxError(`--${flag}: ${text} is less than a millisecond`);
  return span === 0 ? {} : ({ [key]: span } as Partial<Record<K, number>>);
}

function readRetries(text: string | undefined): { retries?: number } {
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) throw new SyntaxError(`--retries: "${text}" is not a whole number`);
  return Number(text) === 0 ? {} : { retries: Number(text) };
}

function parseOnbuild({ text, operands, heredocs }: InstructionSource): Rest<OnbuildInstruction> {
  const trigger = text.replace(/^\s*onbuild\s*/i, '').trim();
  const [name = ''] = splitBlanks(trigger);
  if (operands === '' || trigger === '') throw new SyntaxError('ONBUILD names no instruction');
  const upper = name.toUpperCase();
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(upper))
    throw new SyntaxError(`ONBUILD cannot keep ${upper}`);
  if (!Object.hasOwn(parsers, upper)) throw new SyntaxError(`"${name}" is not an instruction`);
  const bodies = heredocs.map(({ content, name: end }) => `\n${content}${end}`);
  return { kind: 'ONBUILD', trigger: trigger + bodies.join('') };
}
