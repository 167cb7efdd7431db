import { describe, expect, it } from 'vitest';
import { discoverFiles } from '../../../src/project/discover.ts';
import { loadProject } from '../../../src/project/load.ts';
import { RemoteNeeded } from '../../../src/project/remote-needed.ts';
import { isRemote, parseRemote } from '../../../src/project/text/remote.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';

describe('parseRemote', () => {
  it.each([
    ['https://host/x.git', { kind: 'git', url: 'https://host/x.git' }],
    ['https://host/x.git#main', { kind: 'git', url: 'https://host/x.git', ref: 'main' }],
    ['https://host/x.git#v1:sub/dir', { kind: 'git', url: 'https://host/x.git', ref: 'v1', path: 'sub/dir' }],
    ['https://host/x.git#:sub', { kind: 'git', url: 'https://host/x.git', path: 'sub' }],
    ['git@host:a/b.git#r', { kind: 'git', url: 'git@host:a/b.git', ref: 'r' }],
    ['ssh://git@host/a.git', { kind: 'git', url: 'ssh://git@host/a.git' }],
    ['github.com/a/b', { kind: 'git', url: 'https://github.com/a/b' }],
    ['https://github.com/a/b#r', { kind: 'git', url: 'https://github.com/a/b', ref: 'r' }],
    ['oci://host/x:1', { kind: 'oci', image: 'host/x:1' }],
  ])('reads %s', (name, reference) => {
    expect(parseRemote(name)).toEqual(reference);
    expect(isRemote(name)).toBe(true);
  });

  it.each(['compose.yaml', './x.git', '/abs/x.git', '../a#b', 'C:\\x', '-', 'git@', 'a b.git'])(
    'takes %s for local',
    (name) => {
      expect(isRemote(name)).toBe(false);
    },
  );

  it('knows a URL that nothing can fetch', () => {
    expect([parseRemote('https://host/compose.yaml'), isRemote('https://host/compose.yaml')]).toEqual([
      undefined,
      true,
    ]);
  });
});

describe('a remote file', () => {
  const files = new Map([
    ['/copy/compose.yaml', 'services: {db: {image: y, volumes: ["./d:/d"], build: .}}'],
    [
      '/p/compose.yaml',
      'include: ["https://host/x.git#v1"]\nservices: {web: {extends: {file: "https://host/x.git", service: db}}}',
    ],
  ]);
  const reader = { ...createMemoryReader(files), fetch: () => '/copy' };

  it('is included, its paths within its copy', () => {
    const model = loadProject(
      { files: ['/p/compose.yaml'], cwd: '/p', profiles: [], environment: {} },
      reader,
    );
    expect(model.services['db']?.volumes[0]?.source).toBe('/copy/d');
    expect(model.services['web']?.build?.context).toBe('/copy');
  });

  it('is a project of its own, named after the current directory', () => {
    const found = discoverFiles({ files: ['https://host/x.git'], cwd: '/here', environment: {} }, reader);
    const model = loadProject({ ...found, profiles: [] }, reader);
    expect([model.name, model.workingDir, model.configFiles]).toEqual([
      'here',
      '/copy',
      ['/copy/compose.yaml'],
    ]);
    expect(model.services['db']?.volumes[0]?.source).toBe('/copy/d');
  });

  it('that is not here yet ends the load, with all that are needed, whatever seems to be missing without it', () => {
    const text =
      'include: ["https://host/x.git", "oci://host/y"]\nservices: {web: {extends: {service: from-x}}}';
    const absent = {
      ...createMemoryReader(new Map([['/p/compose.yaml', text]])),
      fetch: () => undefined,
    };
    const load = () =>
      loadProject({ files: ['/p/compose.yaml'], cwd: '/p', profiles: [], environment: {} }, absent);
    expect(load).toThrow(RemoteNeeded);
    try {
      load();
    } catch (error) {
      expect((error as RemoteNeeded).files).toEqual([
        { name: 'https://host/x.git', source: { file: '/p/compose.yaml', line: 1, col: 11 } },
        { name: 'oci://host/y', source: { file: '/p/compose.yaml', line: 1, col: 33 } },
      ]);
    }
  });

  it('that nothing can fetch is refused where it was named', () => {
    const text = 'include: ["https://host/compose.yaml"]';
    const other = { ...createMemoryReader(new Map([['/p/compose.yaml', text]])), fetch: () => undefined };
    const load = () =>
      loadProject({ files: ['/p/compose.yaml'], cwd: '/p', profiles: [], environment: {} }, other);
    expect(load).toThrow('https://host/compose.yaml cannot be fetched');
  });

  it('without a Compose file is an error where it was named', () => {
    const empty = { ...reader, fetch: () => '/nothing' };
    const load = () =>
      loadProject({ files: ['/p/compose.yaml'], cwd: '/p', profiles: [], environment: {} }, empty);
    expect(load).toThrow(/has no Compose file/);
  });
});
