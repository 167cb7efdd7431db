// Users and groups from the text of an image's /etc/passwd and /etc/group. The monitor resolves them again in the
// container's own files; this finds mistakes before anything is created, and the home directory for HOME.

import { TcError } from '../base/error.ts';
import type { AccountFiles } from './container-input.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** The primary one too: without it, a program that gives it up keeps access by group (CVE-2022-36109). */
  readonly additionalGids: readonly number[];
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Names as useradd(8) takes them, and those with dots and upper case that directories have. */
const FORM = /^([A-Za-z0-9_][A-Za-z0-9_.-]*\$?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]*\$?))?$/;

/** Largest id: (uid_t)-1 means "leave unchanged" to setresuid(2). */
const LARGEST_ID = 0xffff_fffe;

/**
 * `spec` is `USER` or `USER:GROUP`, each a name or a decimal number, empty for root. Digits are always a number, never
 * the name of an entry. Throws for names that the files do not have.
 */
export function resolveUser(spec: string, groupAdd: readonly string[], files: AccountFiles): User {
  const [, user, group] = FORM.exec(spec === '' ? '0' : spec) ?? [];
  if (!user) throw invalid(spec);
  const groups = parseGroup(files.group ?? '');
  const entry = findPasswdEntry(user, parsePasswd(files.passwd ?? ''), spec);
  const gid = group === undefined ? entry.gid : findGid(group, groups, spec);
  const own = group === undefined ? groups.filter(({ members }) => members.includes(entry.name)) : [];
  const added = groupAdd.map((name) => findGid(name, groups, name));
  const additionalGids = [...new Set([gid, ...own.map((each) => each.gid), ...added])];
  return { uid: entry.uid, gid, home: entry.home, additionalGids };
}

/** Whether it has the form of a user; the image may still lack it. */
export function isUserSpec(spec: string): boolean {
  const [, ...parts] = FORM.exec(spec) ?? [];
  return parts[0] !== undefined && parts.every((part) => !isNumber(part ?? '') || Number(part) <= LARGEST_ID);
}

function findPasswdEntry(user: string, entries: readonly PasswdEntry[], spec: string): PasswdEntry {
  if (!isNumber(user)) {
    const entry = entries.find(({ name }) => name === user);
    if (entry) return entry;
    throw new TcError(`the image has no user "${user}"`, {
      code: 'no-such-user',
      hints: ["use a name from the image's /etc/passwd, or a number"],
      exitCode: 126,
    });
  }
  const uid = parseId(user, spec);
  return entries.find((entry) => entry.uid === uid) ?? { name: '', uid, gid: 0, home: '/' };
}

function findGid(group: string, entries: readonly GroupEntry[], spec: string): number {
  if (isNumber(group)) return parseId(group, spec);
  const entry = entries.find(({ name }) => name === group);
  if (entry) return entry.gid;
  throw new TcError(`the image has no group "${group}"`, {
    code: 'no-such-group',
    hints: ["use a name from the image's /etc/group, or a number"],
    exitCode: 126,
  });
}

function isNumber(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

function parseId(text: string, spec: string): number {
  const id = Number(text);
  if (id > LARGEST_ID) throw invalid(spec);
  return id;
}

function invalid(spec: string): TcError {
  return new TcError(`"${spec}" is not a user`, {
    code: 'invalid-user',
    hints: [`write NAME, NUMBER, or either with :GROUP; numbers are at most ${LARGEST_ID}`],
    exitCode: 126,
  });
}

/** `name:password:uid:gid:comment:home:shell` a line; lines that are not so are passed over, as libc does. */
function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(':');
    if (!name || !uid || !gid || !isNumber(uid) || !isNumber(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid), home: home || '/' }];
  });
}

/** `name:password:gid:member,member` a line. */
function parseGroup(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    if (!name || !gid || !isNumber(gid)) return [];
    return [{ name, gid: Number(gid), members: (members ?? '').split(',').filter(Boolean) }];
  });
}
