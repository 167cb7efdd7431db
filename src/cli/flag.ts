// What a command's flags are, said once: the argv normaliser, the flag reader, the oclif class, help and completion all
// derive from these descriptions.

/** What another tool does and tcompose does not: said to whoever asks for it. */
export interface Refusal {
  /** Ends the sentence "X is not supported: ". */
  readonly why: string;
  readonly instead: string;
}

interface FlagCommon {
  readonly char?: string;
  /** Other spellings; they never show in help. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Environment variable that stands in when the flag is not given. */
  readonly env?: string;
  /** Accepted, since scripts use it, but not advertised. */
  readonly hidden?: boolean;
  /** Other tools have it; asking for it is an error. */
  readonly refused?: Refusal;
  /** Other tools have it; it can be left out without harm. Why it is, as the end of "X has no effect: ". */
  readonly ignored?: string;
  /** Values of a refused or ignored flag that ask for what is done anyway. */
  readonly harmless?: RegExp;
}

export interface BooleanFlag extends FlagCommon {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface StringFlag extends FlagCommon {
  readonly type: 'string';
  /** Placeholder in help. */
  readonly value: string;
  readonly options?: readonly string[];
  readonly default?: string;
}

export interface IntegerFlag extends FlagCommon {
  readonly type: 'integer';
  readonly value: string;
  readonly min?: number;
}

export interface ListFlag extends FlagCommon {
  readonly type: 'list';
  readonly value: string;
  /** One value may hold several: how to take them apart. */
  readonly separator?: string;
}

export type FlagSpec = BooleanFlag | StringFlag | IntegerFlag | ListFlag;
/** Long name -> description. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagValue<F extends FlagSpec> = F extends BooleanFlag
  ? boolean
  : F extends IntegerFlag
    ? number | undefined
    : F extends ListFlag
      ? readonly string[]
      : F extends { readonly default: string }
        ? string
        : string | undefined;

export type FlagValues<F extends FlagSpecs> = { readonly [K in keyof F]: FlagValue<F[K]> };
