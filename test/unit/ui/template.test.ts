// The Go-template subset: each file in test/golden/template is a template, below the line what it makes of the data here.

import { describe } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import { compileTemplate } from '../../../src/ui/template/evaluate.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';

const data = {
  Name: 'web-1',
  State: 'running',
  Yes: true,
  No: false,
  Empty: '',
  Count: 3,
  List: ['a', 'b', 'c'],
  Labels: { 'a.b': 'x', tier: 'front' },
  Inner: { Deep: { Value: 42 } },
  Things: [{ Port: 80 }],
  Label: (name: string) => (name === 'tier' ? 'front' : ''),
};

function render(input: string): string {
  try {
    return `${compileTemplate(input.replace(/\n$/, ''))(data)}\n`;
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    return [`error: ${error.message}`, ...error.hints.map((hint) => `hint: ${hint}`), ''].join('\n');
  }
}

describe('templates', () => testGoldenFiles('template', render));
