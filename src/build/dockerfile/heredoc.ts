// Here-documents: the words that announce them. Pure; source.ts reads their lines.

import { expandWord } from './shell-words.ts';

export interface HeredocWord {
  readonly name: string;
  /** `<<EOF` and not `<<"EOF"`: variables are expanded. */
  readonly isExpanded: boolean;
  /** `<<-`: leading tabs are taken away. */
  readonly stripTabs: boolean;
}

export interface Heredoc extends HeredocWord {
  /** As in the file. */
  readonly content: string;
}

const raw = { escapeToken: '\\', lookup: () => undefined, keepUnset: true };

/** Those that a line announces, in their order. */
export function findHeredocs(line: string): HeredocWord[] {
  if (!line.includes('<<')) return [];
  try {
    const { words } = expandWord(line, { ...raw, keepQuotes: true, keepEscapes: true });
    return words.flatMap((word) => parseHeredoc(word) ?? []);
  } catch {
    // What is no list of words for us may be one for the shell that gets it.
    return [];
  }
}

/** Undefined: the word announces none. */
export function parseHeredoc(word: string): HeredocWord | undefined {
  const match = /^\d*<<(-?)\s*([^<]+)$/.exec(word);
  if (match?.[2] === undefined) return undefined;
  const { words } = expandWord(match[2], raw);
  const [name] = words;
  if (name === undefined || words.length !== 1) return undefined;
  const quotes = (text: string) => text.replace(/[^'"]/g, '').length;
  return {
    name,
    isExpanded: quotes(name) === quotes(match[2]),
    stripTabs: match[1] === '-',
  };
}

/** What it stands for. */
export function contentOf(heredoc: Heredoc): string {
  return heredoc.stripTabs ? heredoc.content.replace(/^\t+/gm, '') : heredoc.content;
}
