// Rules of a Compose file and a list of changes, to what is done: test/golden/watch. A change is a line
// `RULE +|~|- KIND PATH`: made, changed or gone; `~ directory>file` is now something else.

import { describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import type { ObservedContainer } from '../../../src/plan/observed-state.ts';
import { selectServices } from '../../../src/plan/selection.ts';
import {
  listMountTargets,
  planBatch,
  planSync,
  type SourceChange,
  type SourceKind,
} from '../../../src/plan/watch-batch.ts';
import { listWatchRules } from '../../../src/plan/watch-rules.ts';
import { loadProject } from '../../../src/project/load.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';

function parseChange(line: string): SourceChange {
  const [rule = '', sign, kinds = '', path = ''] = line.split(' ');
  const [first, second = first] = kinds.split('>') as SourceKind[];
  return {
    rule: Number(rule),
    path: path === '.' ? '' : path,
    ...(sign !== '-' && { kind: second }),
    ...(sign !== '+' && { was: first }),
  };
}

function describeBatch(input: string): string {
  const [compose = '', changes = ''] = input.split('\nchanges:\n');
  const [head = '', ...rest] = compose.split('\n');
  const services = head.startsWith('# watch ') ? head.slice(8).split(' ') : [];
  const text = services.length > 0 ? rest.join('\n') : compose;
  const reader = createMemoryReader(new Map([['/project/compose.yaml', text]]));
  const options = { files: ['/project/compose.yaml'], cwd: '/project', projectDirectory: '/project' };
  try {
    const model = loadProject({ ...options, envFiles: [], environment: {}, profiles: [], services }, reader);
    const { rules, warnings } = listWatchRules(model, selectServices(model, { services }), services);
    const works = planBatch(rules, changes.split('\n').filter(Boolean).map(parseChange));
    const lines = rules.map((rule, index) => `rule ${index} ${JSON.stringify(rule)}`);
    return [...warnings.map(({ message }) => `warning: ${message}`), ...lines, ...works.flatMap(describeWork)]
      .map((line) => `${line}\n`)
      .join('');
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    const { line, col } = error.source ?? {};
    return [`${line}:${col} ${error.code}: ${error.message}`, ...error.hints].join('\n').concat('\n');
  }
}

function describeWork({ execs, rebuild, restart, service, sync }: ReturnType<typeof planBatch>[number]) {
  return [
    `${service}:`,
    ...(rebuild.length > 0 ? [`  rebuild because of ${rebuild.join(' ')}`] : []),
    ...sync.removals.map((path) => `  remove ${path}`),
    ...sync.copies.map(({ from, to }) => `  copy ${from} to ${to}`),
    ...(restart.length > 0 ? [`  restart because of ${restart.join(' ')}`] : []),
    ...execs.map(({ command, ...exec }) => `  run ${command.join(' ')} ${JSON.stringify(exec)}`),
  ];
}

describe('a batch of changes', () => {
  testGoldenFiles('watch', describeBatch);
});

describe('the sync of one container', () => {
  const copies = ['/app/a', '/app/data/b', '/app/data/deep/c', '/app/conf'].map((to) => ({
    from: `/src${to}`,
    to,
  }));

  const plain = { changeDirectories: false };

  it('changes directories that have changed themselves behind all others', () => {
    const changed = { from: '/src/dir', to: '/app/dir', isChangedDirectory: true };
    const { groups } = planSync({ copies: [changed, ...copies.slice(0, 1)], removals: [] }, []);
    expect(groups).toEqual([
      { ...plain, directory: '/', files: [{ path: '/src/app/a', name: 'app/a' }] },
      { changeDirectories: true, directory: '/', files: [{ path: '/src/dir', name: 'app/dir' }] },
    ]);
  });

  it('unpacks each file into the mount that is nearest, and leaves alone what is mounted itself', () => {
    const { groups } = planSync({ copies, removals: [] }, ['/app/data', '/app/data/deep', '/app/conf']);
    expect(groups).toEqual([
      { ...plain, directory: '/', files: [{ path: '/src/app/a', name: 'app/a' }] },
      { ...plain, directory: '/app/data', files: [{ path: '/src/app/data/b', name: 'b' }] },
      { ...plain, directory: '/app/data/deep', files: [{ path: '/src/app/data/deep/c', name: 'c' }] },
    ]);
  });

  it('knows mounts in memory, too', () => {
    const container = {
      mounts: [{ type: 'bind', source: '/p/data', target: '/data' }],
      recorded: { tmpfs: ['/run', '/tmp/:size=1m'] },
    } as unknown as ObservedContainer;
    const { groups } = planSync(
      { copies: [{ from: '/a', to: '/tmp/a' }], removals: [] },
      listMountTargets(container),
    );
    expect(listMountTargets(container)).toEqual(['/data', '/run', '/tmp']);
    expect(groups[0]?.directory).toBe('/tmp');
  });

  it('removes a directory whole, unless something is mounted in it', () => {
    const removals = ['/app/gone', '/app/gone/a', '/app/gone/sub', '/app/gone/sub/b', '/other'];
    expect(planSync({ copies: [], removals }, []).removals).toEqual(['/app/gone', '/other']);
    expect(planSync({ copies: [], removals }, ['/app/gone/sub/data']).removals).toEqual([
      '/app/gone/a',
      '/app/gone/sub/b',
      '/other',
    ]);
    expect(planSync({ copies: [], removals }, ['/other', '/app/go']).removals).toEqual(['/app/gone']);
  });
});
