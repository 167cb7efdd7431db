// Errors of templates, with the place in the template.

import { TcError } from '../../base/error.ts';

export function templateError(message: string, template: string, at: number, hints: string[] = []): TcError {
  const before = template.slice(0, at).split('\n');
  const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
  return new TcError(`template ${place}: ${message}`, { code: 'bad-template', exitCode: 1, hints });
}
