// A first root for a kernel: busybox, an init script, and the kernel modules that were asked for with those they need, in
// the order in which they load. The archive is cpio "newc" (linux, Documentation/driver-api/early-userspace).

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export function createInitramfs({ modules, wanted, busybox, init }) {
  const order = orderModules(modules, wanted);
  const parts = ['bin', 'dev', 'proc', 'sys', 'modules', 'lower', 'writable', 'root'].map((name) =>
    entry(name, 0o40755),
  );
  parts.push(entry('bin/busybox', 0o100755, readFileSync(busybox)));
  parts.push(entry('init', 0o100755, readFileSync(init)));
  parts.push(
    entry('modules/order', 0o100644, Buffer.from(order.map((path) => `${basename(path)}\n`).join(''))),
  );
  for (const path of order) parts.push(entry(`modules/${basename(path)}`, 0o100644, readFileSync(path)));
  parts.push(entry('TRAILER!!!', 0));
  return Buffer.concat(parts);
}

/** Each module after those it needs. One that this kernel has built in is no file, and needs no loading. */
function orderModules(directory, wanted) {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ko'),
  );
  const byName = new Map(files.map((name) => [nameOf(name), join(directory, name)]));
  const order = new Set();
  const add = (name) => {
    const path = byName.get(nameOf(name));
    if (path === undefined || order.has(path)) return;
    for (const needed of readDependencies(path)) add(needed);
    order.add(path);
  };
  for (const name of wanted) add(name);
  return [...order];
}

function nameOf(file) {
  return basename(file, '.ko').replaceAll('-', '_');
}

/** `depends=a,b` of the section .modinfo. */
function readDependencies(path) {
  const content = readFileSync(path);
  const at = content.indexOf('\0depends=');
  if (at < 0) return [];
  const from = at + '\0depends='.length;
  const text = content.toString('latin1', from, content.indexOf(0, from));
  return text.split(',').filter(Boolean);
}

let inode = 0;

function entry(name, mode, content = Buffer.alloc(0)) {
  inode += 1;
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([pad(Buffer.from(header, 'latin1')), pad(content)]);
}

function pad(buffer) {
  return Buffer.concat([buffer, Buffer.alloc(-buffer.length & 3)]);
}
