import { describe, expect, it } from 'vitest';
import { chooseProgressMode, choosesColor } from '../../../src/ui/terminal.ts';

const on = (environment: Record<string, string>, isTTY = true) => ({ isTTY, environment });

describe('colours', () => {
  it('follow the flag before anything else', () => {
    expect(choosesColor('always', on({ NO_COLOR: '1' }, false))).toBe(true);
    expect(choosesColor('never', on({ CLICOLOR_FORCE: '1' }))).toBe(false);
  });

  it('follow NO_COLOR, then CLICOLOR_FORCE, then the terminal', () => {
    expect(choosesColor('auto', on({ NO_COLOR: '1', CLICOLOR_FORCE: '1' }))).toBe(false);
    expect(choosesColor('auto', on({ CLICOLOR_FORCE: '1' }, false))).toBe(true);
    expect(choosesColor('auto', on({ CLICOLOR_FORCE: '0' }, false))).toBe(false);
    expect(choosesColor('auto', on({ NO_COLOR: '' }))).toBe(true);
    expect(choosesColor('auto', on({}, false))).toBe(false);
    expect(choosesColor('auto', on({ TERM: 'dumb' }))).toBe(false);
  });
});

describe('the mode of progress', () => {
  it('is what was asked for', () => {
    expect(chooseProgressMode('json', 'auto', on({}))).toBe('json');
    expect(chooseProgressMode('tty', 'never', on({}, false))).toBe('tty');
  });

  it('redraws only on a terminal that somebody watches', () => {
    expect(chooseProgressMode('auto', 'auto', on({}))).toBe('tty');
    expect(chooseProgressMode('auto', 'auto', on({}, false))).toBe('plain');
    expect(chooseProgressMode('auto', 'auto', on({ CI: 'true' }))).toBe('plain');
    expect(chooseProgressMode('auto', 'auto', on({ TERM: 'dumb' }))).toBe('plain');
    expect(chooseProgressMode('auto', 'never', on({}))).toBe('plain');
  });

  it('does not care about NO_COLOR', () => {
    expect(chooseProgressMode('auto', 'auto', on({ NO_COLOR: '1' }))).toBe('tty');
  });
});
