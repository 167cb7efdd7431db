// An update of which more replicas failed than its service allows.

import { TcError, type TcErrorOptions } from '../base/error.ts';
import type { UpdateTraits } from './operation.ts';

export class UpdateFailure extends TcError {
  readonly update: UpdateTraits;

  constructor(update: UpdateTraits, message: string, options: Omit<TcErrorOptions, 'code'>) {
    super(message, { ...options, code: update.isRollback ? 'rollback-failed' : 'update-failed' });
    this.update = update;
  }
}
