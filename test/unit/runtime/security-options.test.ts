import { describe, expect, it } from 'vitest';
import { parseSecurityOptions } from '../../../src/runtime/security-options.ts';

describe('parseSecurityOptions', () => {
  it.each([
    [[], {}],
    [['no-new-privileges'], { noNewPrivileges: true }],
    [['no-new-privileges:true'], { noNewPrivileges: true }],
    [['no-new-privileges=false'], { noNewPrivileges: false }],
    [['seccomp:unconfined'], { seccomp: 'unconfined' }],
    [['seccomp=builtin'], { seccomp: 'default' }],
    [['seccomp=./Profiles/a=b.json'], { seccomp: { file: './Profiles/a=b.json' } }],
    [['seccomp:unconfined', 'seccomp=p.json'], { seccomp: { file: 'p.json' } }],
    [['systempaths=unconfined'], { systemPaths: 'unconfined' }],
    [['writable-cgroups=true'], { writableCgroups: true }],
    [['apparmor=web'], { apparmor: 'web' }],
    [['label:disable', 'label=type:x'], { labels: ['label=type:x'] }],
    [['no-new-privileges=maybe', 'x=y'], { unsupported: ['no-new-privileges=maybe', 'x=y'] }],
  ])('%j', (options, expected) => {
    expect(parseSecurityOptions(options)).toMatchObject(expected);
  });
});
