import { describe, expect, it } from 'vitest';
import type { ProjectModel } from '../../../src/project/model.ts';
import { adaptService, type OneOffChanges } from '../../../src/project/one-off.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';

const service = {
  name: 'web',
  image: 'web',
  command: ['serve'],
  entrypoint: ['entry'],
  container_name: 'fixed',
  restart: 'always',
  deploy: { replicas: 3, restart_policy: { condition: 'any' }, resources: {} },
  environment: { A: 'file', B: 'file' },
  labels: { kept: 'yes' },
  depends_on: {},
  ports: [{ mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' }],
  volumes: [{ type: 'volume', source: 'data', target: '/data' }],
  cap_add: ['NET_ADMIN'],
  cap_drop: ['CHOWN'],
} as ServiceConfig;

const none: OneOffChanges = {
  command: [],
  environment: {},
  labels: [],
  capAdd: [],
  capDrop: [],
  volumes: [],
  publish: [],
  servicePorts: false,
  tty: false,
  interactive: true,
  directory: '/here',
  home: '/home/me',
};

const adapt = (changes: Partial<OneOffChanges>) =>
  adaptService({ volumes: { data: { name: 'p_data' } } } as unknown as ProjectModel, service, {
    ...none,
    ...changes,
  });

describe('a service as run changes it', () => {
  it('has no name, ports, scale or restart of its own', () => {
    const { service: plain } = adapt({});
    expect(plain).toMatchObject({
      command: ['serve'],
      entrypoint: ['entry'],
      ports: [],
      scale: 1,
      stdin_open: true,
    });
    for (const gone of ['container_name', 'restart']) expect(plain).not.toHaveProperty(gone);
    expect(plain.deploy).toEqual({ resources: {} });
    expect(adapt({ servicePorts: true }).service.ports).toEqual(service.ports);
  });

  it('runs another command, without the own one if the entrypoint is another', () => {
    expect(adapt({ command: ['sh', '-c', 'x y'] }).service).toMatchObject({
      command: ['sh', '-c', 'x y'],
      entrypoint: ['entry'],
    });
    expect(adapt({ entrypoint: 'sh -c "a b"' }).service).toMatchObject({
      command: [],
      entrypoint: ['sh', '-c', 'a b'],
    });
    expect(adapt({ entrypoint: '' }).service).toMatchObject({ command: [], entrypoint: [] });
    expect(() => adapt({ entrypoint: '"open' })).toThrow('--entrypoint');
  });

  it('takes variables, labels, capabilities and ports over its own', () => {
    const changed = adapt({
      environment: { B: 'line', C: null },
      labels: ['new=a=b'],
      capAdd: ['CHOWN'],
      capDrop: ['NET_ADMIN'],
      publish: ['127.0.0.1:9000-9001:90-91/udp'],
    }).service;
    expect(changed.environment).toEqual({ A: 'file', B: 'line', C: null });
    expect(changed.labels).toEqual({ kept: 'yes', new: 'a=b' });
    expect([changed.cap_add, changed.cap_drop]).toEqual([['CHOWN'], ['NET_ADMIN']]);
    expect(changed.ports).toEqual([
      { mode: 'ingress', host_ip: '127.0.0.1', target: 90, published: '9000', protocol: 'udp' },
      { mode: 'ingress', host_ip: '127.0.0.1', target: 91, published: '9001', protocol: 'udp' },
    ]);
    expect(() => adapt({ labels: ['=x'] })).toThrow('NAME=VALUE');
    expect(() => adapt({ publish: ['x'] })).toThrow('--publish');
  });

  it('mounts more, in place of what is mounted there, from where the command was given', () => {
    const { model, service: changed } = adapt({
      volumes: ['./a:/data:ro', '~/b:/b', 'new:/new', 'data:/again', '/anon'],
    });
    expect(changed.volumes).toEqual([
      { type: 'bind', source: '/here/a', target: '/data', read_only: true, bind: { create_host_path: true } },
      { type: 'bind', source: '/home/me/b', target: '/b', bind: { create_host_path: true } },
      { type: 'volume', source: 'new', target: '/new', volume: {} },
      { type: 'volume', source: 'data', target: '/again', volume: {} },
      { type: 'volume', target: '/anon', volume: {} },
    ]);
    expect(model.volumes).toEqual({ data: { name: 'p_data' }, new: { name: 'new' } });
    expect(() => adapt({ volumes: ['aa:bb:cc:dd'] })).toThrow('--volume');
  });
});
