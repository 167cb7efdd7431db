// registries.json and what Docker's daemon.json says in its place.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRegistrySettings } from '../../../src/image/registry/settings.ts';
import {
  mergeSettings,
  parseDaemonFile,
  parseRegistriesFile,
} from '../../../src/image/registry/settings-file.ts';

const parse = (value: unknown) => parseRegistriesFile(JSON.stringify(value), '/r.json');

describe('registries.json', () => {
  it('holds insecure hosts, mirrors and directories of certificates', () => {
    const file = {
      insecure: ['registry.lan:5000', '10.0.0.0/8', '[fd00::1]:5000'],
      mirrors: { 'docker.io': ['https://mirror.example/hub', 'mirror.lan:5000'], 'ghcr.io': [] },
      certificates: ['/etc/docker/certs.d'],
    };
    expect(parse(file)).toEqual(file);
    expect(parse({})).toEqual({});
  });

  it.each([
    ['insecure', { insecure: 'registry.lan' }, '/r.json: insecure: a list was expected'],
    ['a number', { insecure: [5000] }, '/r.json: insecure[0]: a text was expected'],
    [
      'a URL as a host',
      { insecure: ['http://registry.lan'] },
      '/r.json: insecure[0]: "http://registry.lan" is neither HOST[:PORT] nor a range of IPv4 addresses',
    ],
    ['mirrors', { mirrors: ['a'] }, '/r.json: mirrors: an object was expected, registry host to mirrors'],
    [
      'a mirror',
      { mirrors: { 'docker.io': ['https://a b'] } },
      '/r.json: mirrors.docker.io[0]: "https://a b" is not the address of a mirror',
    ],
    [
      'certificates',
      { certificates: ['certs.d'] },
      '/r.json: certificates[0]: "certs.d" is not an absolute directory',
    ],
    ['a misspelled member', { mirors: {} }, '/r.json: there is no member "mirors"'],
    ['another kind of document', [], '/r.json: an object was expected'],
  ])('refuses %s that is none', (_, file, message) => {
    expect(() => parse(file)).toThrow(expect.objectContaining({ code: 'malformed-registries', message }));
  });

  it('names the nearest member, and what is no JSON', () => {
    expect(() => parse({ mirors: {} })).toThrow(
      expect.objectContaining({ hints: ['did you mean "mirrors"?'] }),
    );
    expect(() => parseRegistriesFile('{', '/r.json')).toThrow(/^\/r\.json is not JSON: /);
  });
});

describe("Docker's daemon.json", () => {
  it('says insecure registries and mirrors of docker.io; its other members are left alone', () => {
    const text = JSON.stringify({
      'insecure-registries': ['registry.lan:5000'],
      'registry-mirrors': ['https://mirror.example'],
      'storage-driver': 'overlay2',
    });
    expect(parseDaemonFile(text, '/d.json')).toEqual({
      insecure: ['registry.lan:5000'],
      mirrors: { 'docker.io': ['https://mirror.example'] },
    });
  });
});

describe("the user's file over the machine's", () => {
  it('adds hosts, and decides about the mirrors of a host', () => {
    const under = { insecure: ['a'], mirrors: { x: ['m'], y: ['n'] }, certificates: ['/c'] };
    expect(mergeSettings(under, { insecure: ['a', 'b'], mirrors: { x: [] } })).toEqual({
      insecure: ['a', 'b'],
      mirrors: { x: [], y: ['n'] },
      certificates: ['/c'],
    });
  });
});

describe('the files together', () => {
  let directory: string;
  const write = (name: string, value: unknown) => {
    writeFileSync(join(directory, name), JSON.stringify(value));
  };
  const read = () =>
    readRegistrySettings(
      { HOME: directory },
      { system: join(directory, 'system.json'), daemon: join(directory, 'daemon.json') },
    );

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tcompose-registries-'));
    mkdirSync(join(directory, '.config/tcompose'), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are none to begin with', () => {
    expect(read()).toEqual({ environment: { HOME: directory } });
  });

  it("Docker's counts until the machine has its own", () => {
    write('daemon.json', { 'insecure-registries': ['docker.lan'] });
    write('.config/tcompose/registries.json', { insecure: ['mine.lan'] });
    expect(read().insecure).toEqual(['docker.lan', 'mine.lan']);
    write('system.json', { insecure: ['system.lan'] });
    expect(read().insecure).toEqual(['system.lan', 'mine.lan']);
  });

  it('are found by XDG_CONFIG_HOME', () => {
    write('.config/tcompose/registries.json', { insecure: ['mine.lan'] });
    const places = { system: join(directory, 'none'), daemon: join(directory, 'none') };
    const found = readRegistrySettings({ XDG_CONFIG_HOME: join(directory, '.config'), HOME: '/' }, places);
    expect(found.insecure).toEqual(['mine.lan']);
  });
});
