import { describe, expect, it } from 'vitest';
import {
  applySettings,
  type BuildSettingTexts,
  parseBuildSettings,
} from '../../../src/app/build-settings.ts';
import type { BuildRequest } from '../../../src/engine/ports.ts';

const nothing: BuildSettingTexts = {
  ...{ label: [], 'add-host': [], network: undefined, 'shm-size': undefined, ulimit: [], secret: [] },
  ...{ 'build-context': [], allow: [], 'no-cache-filter': [], target: undefined, tag: [] },
};
const parse = (texts: Partial<BuildSettingTexts>, environment = {}) =>
  parseBuildSettings({ ...nothing, ...texts }, '/here', environment);

describe('flags of docker build', () => {
  it.each([
    [{ label: ['a=b=c', 'd'] }, { labels: { a: 'b=c', d: '' } }],
    [{ 'add-host': ['a:1.2.3.4', 'b=::1', 'c:[::2]'] }, { extraHosts: ['a=1.2.3.4', 'b=::1', 'c=::2'] }],
    [{ 'add-host': ['a:host-gateway'] }, { extraHosts: ['a=host-gateway'] }],
    [
      { ulimit: ['nofile=1:2', 'core=0'] },
      { ulimits: { nofile: { soft: 1, hard: 2 }, core: { soft: 0, hard: 0 } } },
    ],
    [{ secret: ['id=a,src=f'] }, { secrets: { a: { file: '/here/f' } } }],
    [{ secret: ['type=file,id=a,source=/f'] }, { secrets: { a: { file: '/f' } } }],
    [{ secret: ['id=a,env=B'] }, { secrets: { a: { environment: 'B' } } }],
    [{ secret: ['id=a,type=env,src=B'] }, { secrets: { a: { environment: 'B' } } }],
    [{ secret: ['id=a'] }, { secrets: { a: { file: '/here/a' } } }],
    [
      { 'build-context': ['A=../x', 'b=docker-image://c', 'd=https://e/f.git'] },
      { namedContexts: { a: '/x', b: 'docker-image://c', d: 'https://e/f.git' } },
    ],
    [{ allow: ['network.host'] }, { entitlements: ['network.host'] }],
    [{ 'no-cache-filter': ['a,b', 'c'] }, { noCacheStages: ['a', 'b', 'c'] }],
  ])('%j', (texts, added) => {
    expect(parse(texts).added).toMatchObject(added);
  });

  it('takes an id that is a variable for it', () => {
    expect(parse({ secret: ['id=A'] }, { A: 'x' }).added.secrets).toEqual({ A: { environment: 'A' } });
  });

  it.each([
    [{ network: 'web' }, '--network web'],
    [{ 'shm-size': 'big' }, '--shm-size big'],
    [{ 'add-host': ['a'] }, '--add-host a'],
    [{ ulimit: ['nofile'] }, '--ulimit nofile'],
    [{ secret: ['src=a'] }, '--secret src=a'],
    [{ secret: ['id=a,mode=400'] }, '--secret id=a,mode=400'],
    [{ secret: ['id=a,type=vault'] }, '--secret id=a,type=vault'],
    [{ 'build-context': ['a'] }, '--build-context a'],
    [{ allow: ['device'] }, '--allow device'],
  ])('refuses %j', (texts, named) => {
    expect(() => parse(texts)).toThrowError(named);
  });
});

describe('what they change of a request', () => {
  const request = {
    ...{ name: 'web', labels: { a: '1' }, extraHosts: ['a=1'], ulimits: {}, secrets: {}, namedContexts: {} },
    ...{ entitlements: [], tags: ['web'], noCache: ['x'], network: 'default', target: 'own' },
  } as unknown as BuildRequest;
  const settings = parse({
    ...{ label: ['a=2'], network: 'none', 'shm-size': '1k', target: 'given', tag: ['more'] },
    ...{ 'no-cache-filter': ['y'], 'add-host': ['b:2'] },
  });

  it('is all of it for one that is asked for', () => {
    expect(applySettings(request, settings, true)).toMatchObject({
      ...{ labels: { a: '2' }, extraHosts: ['a=1', 'b=2'], network: 'none', shmSize: 1024, target: 'given' },
      ...{ tags: ['web', 'more'], noCache: ['x', 'y'] },
    });
  });

  it('is neither name nor stage for one that another needs', () => {
    expect(applySettings(request, settings, false)).toMatchObject({ target: 'own', tags: ['web'] });
  });
});
