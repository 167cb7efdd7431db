import { describe, expect, it } from 'vitest';
import { chooseIdRange } from '../../../../src/engine/container/id-range.ts';

const NONE = { users: '', groups: '' };
const claim = (project: string) => ({ project, instance: '01234567', used: [] });

describe('the ids of a project', () => {
  it('are those that its containers have', () => {
    const idRange = { uid: 5_000_000, gid: 6_000_000, size: 65_536 };
    const containers = [{ project: 'other' }, { project: 'shop', idRange }];
    expect(chooseIdRange(claim('shop'), containers, NONE)).toEqual(idRange);
  });

  it('are the same again for a new project of that name, and no other project has them', () => {
    const first = chooseIdRange(claim('shop'), [], NONE);
    expect(chooseIdRange(claim('shop'), [{ project: 'blog' }], NONE)).toEqual(first);
    const second = chooseIdRange(claim('shop'), [{ project: 'blog', idRange: first }], NONE);
    expect(second.uid).not.toBe(first.uid);
    expect(first).toMatchObject({ gid: first.uid, size: 65_536 });
    expect(first.uid % 65_536).toBe(0);
    // Of 32 bits with a sign, and beyond what systemd hands out.
    expect(first.uid).toBeGreaterThanOrEqual(0x7000_0000);
    expect(first.uid + first.size).toBeLessThanOrEqual(0x7ffd_0000);
  });

  it('come from what the host has set aside for tcompose, users and groups apart', () => {
    const users = '# a comment\nroot:100000:65536\ntcompose:200000:131072\n';
    const groups = 'tcompose:400000:131072\n';
    const first = chooseIdRange(claim('shop'), [], { users, groups });
    const second = chooseIdRange(claim('blog'), [{ project: 'shop', idRange: first }], { users, groups });
    expect([first.uid, second.uid].sort()).toEqual([200_000, 265_536]);
    expect([first.gid, second.gid].sort()).toEqual([400_000, 465_536]);
    const all = [first, second].map((idRange, i) => ({ project: `p${i}`, idRange }));
    expect(() => chooseIdRange(claim('third'), all, { users, groups })).toThrow(
      'there is no range of 65536 ids left for the user namespace of project third',
    );
  });

  it("are nobody else's", () => {
    const { uid } = chooseIdRange(claim('shop'), [], NONE);
    const users = `lxd:${uid + 1}:10\n`;
    expect(chooseIdRange(claim('shop'), [], { users, groups: '' }).uid).not.toBe(uid);
    expect(chooseIdRange(claim('shop'), [], { users: `lxd:${uid - 10}:10`, groups: '' }).uid).toBe(uid);
  });

  it('are others in another data root, and for a project whose ids somebody runs with', () => {
    const first = chooseIdRange(claim('shop'), [], NONE);
    expect(chooseIdRange({ ...claim('shop'), instance: '89abcdef' }, [], NONE)).not.toEqual(first);
    const used = [{ first: first.uid + 65_535, last: first.uid + 65_535 }];
    expect(chooseIdRange({ ...claim('shop'), used }, [], NONE)).not.toEqual(first);
    const beside = [
      { first: first.uid - 10, last: first.uid - 1 },
      { first: first.uid + 65_536, last: first.uid + 65_536 },
    ];
    expect(chooseIdRange({ ...claim('shop'), used: beside }, [], NONE)).toEqual(first);
  });
});
