// Handlers of binfmt_misc for the length of a test. Where it is not mounted it is mounted meanwhile; the kernel forgets all
// handlers with the last mount.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const registry = '/proc/sys/fs/binfmt_misc';

/** How a 64-bit program for Linux begins; `machine`: of its ELF header, in the order of bytes of that. */
export function formatMagic(order: 'little' | 'big', machine: number): Buffer {
  const head = Buffer.alloc(20);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, order === 'little' ? 1 : 2, 1]);
  for (const [value, at] of [
    [2, 16],
    [machine, 18],
  ] as const) {
    if (order === 'little') head.writeUInt16LE(value, at);
    else head.writeUInt16BE(value, at);
  }
  return head;
}

/** Undefined: handlers can be registered here; else why not. */
export function whyNotBinfmt(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root registers emulators';
  const isKnown = readFileSync('/proc/filesystems', 'utf8').includes('binfmt_misc');
  return isKnown ? undefined : 'the kernel has no binfmt_misc, so that it emulates nothing';
}

export class Binfmt {
  readonly #names: string[] = [];
  readonly #isMounted: boolean;

  constructor() {
    this.#isMounted = !existsSync(`${registry}/status`);
    if (this.#isMounted) execFileSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', registry]);
  }

  register(name: string, magic: Buffer, interpreter: string, flags: string): void {
    const escaped = [...magic].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    writeFileSync(`${registry}/register`, `:${name}:M::${escaped}::${interpreter}:${flags}`);
    this.#names.push(name);
  }

  unregisterAll(): void {
    for (const name of this.#names.splice(0)) writeFileSync(`${registry}/${name}`, '-1');
  }

  close(): void {
    this.unregisterAll();
    if (this.#isMounted) execFileSync('umount', [registry]);
  }
}
