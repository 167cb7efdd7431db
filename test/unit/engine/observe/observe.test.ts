import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPaths, type InstancePaths } from '../../../../src/engine/instance/paths.ts';
import { listProjects } from '../../../../src/engine/observe/list-projects.ts';
import { observeInstance } from '../../../../src/engine/observe/observe.ts';
import type { ContainerRecord } from '../../../../src/engine/record/container-record.ts';
import { writeJsonFile } from '../../../../src/engine/record/json-file.ts';
import type { ProjectModel } from '../../../../src/project/model.ts';

let base: string;
let paths: InstancePaths;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tcompose-observe-'));
  paths = createPaths(join(base, 'root'), join(base, 'run'));
});
afterEach(() => rmSync(base, { recursive: true }));

async function addContainer(
  digit: string,
  project: string,
  service: string,
  number: number,
  volumes: string[] = [],
) {
  const id = digit.repeat(64);
  const record: Partial<ContainerRecord> = {
    v: 1,
    id,
    name: `${project}-${service}-${number}`,
    project,
    service,
    number,
    oneOff: false,
    createdAt: '2026-01-01T00:00:00Z',
    labels: { 'com.docker.compose.project.config_files': '/x/compose.yaml' },
    workingDir: '/x',
    endpoints: [
      {
        key: 'default',
        networkId: 'n'.repeat(64),
        network: 'p_default',
        slot: 0,
        mac: '',
        ipv4: '10.1.0.2',
        names: [],
      },
    ],
    ports: [{ address: '0.0.0.0', port: 8080, target: 80, protocol: 'tcp', any: false }],
    mounts: [],
    volumes,
  };
  await writeJsonFile(join(paths.container(id), 'container.json'), record as ContainerRecord);
  return id;
}

describe('a snapshot', () => {
  it('of nothing is empty', () => {
    const { state } = observeInstance(paths, 'p');
    expect([state.containers, state.networks, state.volumes]).toEqual([[], [], []]);
  });

  it('has the project’s containers by service and number, and who uses what across projects', async () => {
    await addContainer('c', 'p', 'web', 10);
    await addContainer('b', 'p', 'web', 2, ['p_data']);
    await addContainer('a', 'p', 'db', 1);
    const foreign = await addContainer('d', 'other', 'x', 1, ['p_data']);
    mkdirSync(join(paths.containers, `.creating-${'e'.repeat(64)}`));
    await writeJsonFile(paths.network('n'.repeat(64)), {
      v: 1,
      id: 'n'.repeat(64),
      key: 'default',
      name: 'p_default',
      project: 'p',
    } as { v: number });
    await writeJsonFile(join(paths.volume('p_data'), 'volume.json'), {
      v: 1,
      id: 'v',
      key: 'data',
      name: 'p_data',
      project: 'p',
      anonymous: false,
    } as { v: number });
    const { state } = observeInstance(paths, 'p');
    expect(state.containers.map((c) => [c.name, c.state])).toEqual([
      ['p-db-1', 'created'],
      ['p-web-2', 'created'],
      ['p-web-10', 'created'],
    ]);
    expect(state.containers[0]).toMatchObject({
      publishers: [],
      networks: [{ key: 'default', name: 'p_default', address: '10.1.0.2' }],
    });
    expect(state.networks[0]?.members).toHaveLength(4);
    expect([...(state.volumes[0]?.usedBy ?? [])].sort()).toEqual(['b'.repeat(64), foreign]);
  });

  it('finds what the model calls external, by name', async () => {
    const record = { v: 1, id: 'n', key: 'k', name: 'common', project: 'other' };
    await writeJsonFile(paths.network('n'), record);
    const model = {
      networks: { default: { name: 'common', external: true }, own: { name: 'p_own' } },
      volumes: { gone: { name: 'gone', external: true } },
    } as unknown as ProjectModel;
    const { state } = observeInstance(paths, 'p', model);
    expect(Object.keys(state.externalNetworks)).toEqual(['common']);
    expect(state.externalVolumes).toEqual({});
    expect(state.networks).toEqual([]);
  });
});

describe('the list of projects', () => {
  it('counts states, and knows projects that have no container left', async () => {
    await addContainer('a', 'p', 'db', 1);
    const ended = await addContainer('b', 'p', 'web', 1);
    writeFileSync(join(paths.container(ended), 'last'), '{"v":1,"state":"exited","exitCode":0}');
    await writeJsonFile(paths.network('n'), { v: 1, id: 'n', name: 'left_default', project: 'left' } as {
      v: number;
    });
    expect(listProjects(paths)).toEqual([
      { name: 'left', workingDir: '', configFiles: [], states: {} },
      { name: 'p', workingDir: '/x', configFiles: ['/x/compose.yaml'], states: { created: 1, exited: 1 } },
    ]);
  });
});
