// The image that people run their own registry from, made of Debian's package: the program, the libraries that it is
// linked to, and busybox for its health check, with entry point, port and volume as the well-known one has them.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeImage, writeLayout } from '../native/image/fixture-image.ts';
import { Sandbox } from '../native/image/sandbox.ts';

const program = '/usr/bin/docker-registry';
const configuration = `version: 0.1
storage:
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
http: {addr: ":5000"}
`;

/** Writes it as what `docker save` would: `docker-archive:`. */
export function writeRegistryArchive(archive: string): void {
  const sandbox = new Sandbox();
  try {
    const tree = sandbox.makeDirectory('tree');
    for (const file of [program, '/bin/busybox', ...listLibraries(program)]) copyInto(tree, file);
    mkdirSync(join(tree, 'bin'), { recursive: true });
    symlinkSync('busybox', join(tree, 'bin/wget'));
    mkdirSync(join(tree, 'etc/docker/registry'), { recursive: true });
    writeFileSync(join(tree, 'etc/docker/registry/config.yml'), configuration);
    mkdirSync(join(tree, 'var/lib/registry'), { recursive: true });
    const layer = sandbox.path('layer.tar');
    execFileSync('tar', ['-C', tree, '--owner=0', '--group=0', '-cf', layer, '.']);
    const image = makeImage({
      layers: [readFileSync(layer)],
      config: {
        Entrypoint: [program],
        Cmd: ['serve', '/etc/docker/registry/config.yml'],
        ExposedPorts: { '5000/tcp': {} },
        Volumes: { '/var/lib/registry': {} },
      },
    });
    const layout = writeLayout(sandbox, 'oci', [{ image, name: 'x' }]);
    execFileSync('skopeo', ['copy', '-q', `oci:${layout}:x`, `docker-archive:${archive}:registry:2`]);
  } finally {
    sandbox.dispose();
  }
}

/** Absolute paths, the loader's own included. */
function listLibraries(file: string): string[] {
  return [...execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(
    ([, path = '']) => path,
  );
}

function copyInto(tree: string, file: string): void {
  mkdirSync(join(tree, dirname(file)), { recursive: true });
  cpSync(file, join(tree, file), { dereference: true });
}
