// An instance is a data root and what derives from it: paths, kernel names, the key of its digests.

import { join, resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createIdentity, ensureIdentity, type Identity, readIdentity } from './identity.ts';
import { createKernelNames, type KernelNames } from './kernel-names.ts';
import { createPaths, type InstancePaths } from './paths.ts';

export interface Instance {
  /** Empty for the default data root. */
  readonly id: string;
  readonly root: string;
  readonly key: Buffer;
  readonly paths: InstancePaths;
  readonly names: KernelNames;
  /** Directory whose lock guards what all instances of this user share: the host's subnets. */
  readonly hostRunDir: string;
}

export interface InstanceOptions {
  readonly root?: string;
  readonly runDir?: string;
}

/** Finds the instance, and makes it on demand: reading commands leave no trace on a host that has none. */
export class InstanceLocator {
  readonly root: string;
  readonly #isDefault: boolean;
  readonly #runDir: string | undefined;
  #found: Instance | undefined;
  #proposed: Identity | undefined;

  constructor(options: InstanceOptions) {
    const home = defaultRoot();
    // An empty path would resolve to the working directory.
    if (options.root === '') throw emptyRoot();
    this.root = resolve(options.root ?? (process.env['TCOMPOSE_ROOT'] || home));
    this.#isDefault = this.root === home;
    this.#runDir = options.runDir;
  }

  /** Undefined: nothing was ever made here. */
  find(): Instance | undefined {
    if (this.#found === undefined) {
      const identity = readIdentity(this.root);
      if (identity) this.#found = this.#build(identity);
    }
    return this.#found;
  }

  ensure(): Instance {
    this.#found = this.find() ?? this.#build(ensureIdentity(this.root, this.#propose()));
    return this.#found;
  }

  /** As it is, or as it would be made; nothing is written. */
  preview(): Instance {
    return this.find() ?? this.#build(this.#propose());
  }

  /** For planning: the key of the instance, or the one that it would get; nothing is written. */
  previewKey(): Buffer {
    return this.find()?.key ?? Buffer.from(this.#propose().key, 'hex');
  }

  #propose(): Identity {
    this.#proposed ??= createIdentity(this.#isDefault);
    return this.#proposed;
  }

  #build(identity: Identity): Instance {
    const base = runBase();
    const suffix = identity.id === '' ? '' : `-${identity.id}`;
    return {
      id: identity.id,
      root: this.root,
      key: Buffer.from(identity.key, 'hex'),
      paths: createPaths(this.root, resolve(this.#runDir ?? join(base, `tcompose${suffix}`))),
      names: createKernelNames(identity.id),
      hostRunDir: join(base, 'tcompose'),
    };
  }
}

function emptyRoot(): TcError {
  return new TcError('the data root is an empty path', {
    code: 'usage',
    exitCode: 2,
    hints: ['is a variable not set? without --root it is the usual one'],
  });
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function defaultRoot(): string {
  if (isRoot()) return '/var/lib/tcompose';
  const data = process.env['XDG_DATA_HOME'] || join(process.env['HOME'] ?? '/', '.local/share');
  return resolve(data, 'tcompose');
}

function runBase(): string {
  return isRoot() ? '/run' : process.env['XDG_RUNTIME_DIR'] || `/tmp/tcompose-${process.getuid?.()}`;
}
