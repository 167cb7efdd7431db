import { describe, expect, it } from 'vitest';
import {
  annotation,
  arrangeFiles,
  composeFileType,
  envFileType,
} from '../../../../src/engine/remote/artifact.ts';

const file = (mediaType: string, annotations: Record<string, string>, text = 'x') => ({
  mediaType,
  annotations,
  bytes: Buffer.from(text),
});
const main = (text: string) => file(composeFileType, { [annotation.file]: 'any.yaml' }, text);
const extended = (name: string) =>
  file(composeFileType, { [annotation.file]: name, [annotation.isExtended]: 'true' });
const arrange = (...files: ReturnType<typeof file>[]) =>
  Object.fromEntries(arrangeFiles(files, 'oci://host/x'));

describe('arrangeFiles', () => {
  it('makes one file of the project, in order, and leaves the others beside it', () => {
    expect(
      arrange(
        main('a: 1'),
        extended('f8f9.yaml'),
        main('b: 2'),
        file(envFileType, { [annotation.envFile]: '.env.prod' }),
        file('application/vnd.something.else', {}),
      ),
    ).toEqual({ 'compose.yaml': 'a: 1\n---\nb: 2', 'f8f9.yaml': 'x', '.env.prod': 'x' });
  });

  it.each([
    '../../../etc/passwd',
    '..\\..\\windows',
    'config/base.yaml',
    'config\\base.yaml',
    '/etc/passwd',
    '..',
    '.',
    'a\0b',
  ])('refuses the name %j (CVE-2025-62725)', (name) => {
    expect(() => arrange(main('a'), extended(name))).toThrow('leads out of its directory');
    expect(() => arrange(main('a'), file(envFileType, { [annotation.envFile]: name }))).toThrow('leads out');
  });

  it('refuses a file that would take the place of another one, or has no name', () => {
    expect(() => arrange(main('a'), file(envFileType, { [annotation.envFile]: 'compose.yaml' }))).toThrow(
      'would replace',
    );
    expect(() => arrange(main('a'), extended('a.yaml'), extended('a.yaml'))).toThrow('two files `a.yaml`');
    expect(() => arrange(main('a'), file(envFileType, {}))).toThrow('has no name');
    expect(() => arrange(extended('a.yaml'))).toThrow('has no Compose file');
  });
});
