// Dockerfiles, and what is made of them before anything runs: steps, config, history, checks; or the error. The first
// lines may be `#! key=value`: `target`, `arg NAME`, and `base NAME` with the config of an image as JSON.

import { describe } from 'vitest';
import { TcError } from '../../src/base/error.ts';
import { Checks } from '../../src/build/check/checks.ts';
import { checkFile } from '../../src/build/check/file.ts';
import { parseDockerfile } from '../../src/build/dockerfile/parse.ts';
import type { BuildInput } from '../../src/build/stage/build-input.ts';
import {
  beginWithImage,
  beginWithNothing,
  beginWithStage,
  dispatchStage,
  listTriggers,
} from '../../src/build/stage/dispatch.ts';
import { type PlannedStage, planStages } from '../../src/build/stage/plan.ts';
import { predefinedArgs } from '../../src/build/stage/scope.ts';
import type { StageResult } from '../../src/build/stage/stage-state.ts';
import { renderError } from '../../src/ui/diagnostic.ts';
import { createStyle } from '../../src/ui/style.ts';
import { testGoldenFiles } from './golden-file.ts';

interface Setting {
  readonly key: string;
  readonly value: string;
}

function splitSettings(input: string): { settings: Setting[]; text: string } {
  const lines = input.split('\n');
  const settings = lines.flatMap((line) => {
    const match = /^#! ([^=]+)=(.*)$/.exec(line);
    return match ? [{ key: match[1] as string, value: match[2] as string }] : [];
  });
  return { settings, text: lines.slice(settings.length).join('\n') };
}

function describeDockerfile(input: string): string {
  const { settings, text } = splitSettings(input);
  const named = (prefix: string) =>
    Object.fromEntries(
      settings.flatMap(({ key, value }) =>
        key.startsWith(`${prefix} `) ? [[key.slice(prefix.length + 1), value]] : [],
      ),
    );
  const platform = { os: 'linux', architecture: 'amd64' };
  const build: BuildInput = {
    args: named('arg'),
    platform,
    buildPlatform: platform,
    namedContexts: new Set(Object.keys(named('context'))),
    network: 'default',
    labels: {},
    ...settings.reduce((all, { key, value }) => (key === 'target' ? { target: value } : all), {}),
  };
  try {
    return describeBuild(text, build, named('base'));
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    return renderError(error, { style: createStyle(false), directory: '/p', readSource: () => undefined });
  }
}

function describeBuild(text: string, build: BuildInput, bases: Record<string, string>): string {
  const file = parseDockerfile({ file: '/p/Dockerfile', text });
  const checks = new Checks(file.directives.check);
  checkFile(file, predefinedArgs(build.buildPlatform, build.platform, ''), checks);
  const plan = planStages(file, build, checks);
  const results = new Map<number, StageResult>();
  const begin = ({ base, stage }: PlannedStage) => {
    if (base.kind === 'stage') return beginWithStage(results.get(base.index) as StageResult);
    if (base.kind === 'scratch') return { base: beginWithNothing(), triggers: [] };
    const name = stage.from.image;
    const document = JSON.parse(bases[name] ?? '{}') as Record<string, unknown>;
    return { base: beginWithImage(document, name), triggers: listTriggers(document) };
  };
  const blocks = plan.stages.map((planned) => {
    const { base, triggers } = begin(planned);
    const result = dispatchStage(planned, base, triggers, { plan, input: build, checks });
    results.set(planned.stage.index, result);
    return describeStage(planned, result);
  });
  const findings = checks.findings
    .sort((a, b) => a.at.line - b.at.line || a.rule.localeCompare(b.rule))
    .map(({ rule, message, at }) => `${at.line}:${at.col} ${rule}: ${message}\n`);
  return [
    ...blocks,
    ...(findings.length > 0 ? [`checks\n${findings.map((line) => `  ${line}`).join('')}`] : []),
  ].join('');
}

function describeStage(planned: PlannedStage, { steps, config, history, author }: StageResult): string {
  const base = JSON.stringify(planned.base);
  const lines = [
    `stage ${planned.title} on ${base}${planned.platform ? ` for ${planned.platform}` : ''}`,
    ...steps.flatMap(({ title, at, createdBy: _, kind: __, ...rest }) => [
      `  ${title}  (line ${at.line})`,
      ...Object.entries(rest)
        .filter(([, value]) => !isEmpty(value))
        .map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
    ]),
    '  config',
    ...Object.entries(config).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
    ...(author === undefined ? [] : [`  author ${author}`]),
    '  history',
    ...history.map((line) =>
      line.kind === 'own'
        ? `      ${line.step ? '+' : ' '} ${JSON.stringify(line.createdBy).slice(1, -1)}`
        : `      = ${JSON.stringify(line.entry)}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function isEmpty(value: unknown): boolean {
  return (
    value === false ||
    value === '' ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

describe('Dockerfiles', () => {
  testGoldenFiles('dockerfile', describeDockerfile);
});
