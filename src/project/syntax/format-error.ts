/** A short form that cannot be read: the caller knows where it stands. */
export class FormatError extends Error {
  readonly hints: readonly string[];

  constructor(message: string, hints: readonly string[] = []) {
    super(message);
    this.hints = hints;
  }
}
