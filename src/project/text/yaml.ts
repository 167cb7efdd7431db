// YAML text -> trees, one for each document of the file.

import { type Document, parseAllDocuments, type YAMLParseError } from 'yaml';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { SourceText } from './source-text.ts';
import type { Mapping } from './tree.ts';
import { explainSyntax } from './yaml-error.ts';
import { depthLimit, TreeBuilder } from './yaml-tree.ts';

/** YAML 1.2 §5.1: no controls but tab and line ends. */
const forbidden = /[^\P{Cc}\t\n\r\u0085]|[\ufffe\uffff]/u;

/** Reports what is wrong and yields the documents that could be read; empty documents yield none. */
export function parseYaml(source: SourceText, diagnostics: Diagnostics): Mapping[] {
  const control = forbidden.exec(source.text);
  if (control) {
    reportControl(control, source, diagnostics);
    return [];
  }
  const documents = composeDocuments(source, diagnostics);
  const trees: Mapping[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    const tree = error
      ? reportSyntax(error, source, diagnostics)
      : new TreeBuilder(source, diagnostics).build(document);
    if (tree) trees.push(tree);
  }
  return trees;
}

function composeDocuments(source: SourceText, diagnostics: Diagnostics): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(source.text, {
      schema: 'failsafe',
      uniqueKeys: false, // checked here, in linear time and with both places
      keepSourceTokens: false,
      prettyErrors: false,
    });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    // The parser recurses: thousands of levels exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
    const message = `values are nested more than ${depthLimit} deep`;
    diagnostics.error({ code: 'yaml-depth', message, at: source.base });
    return [];
  }
}

function reportSyntax(error: YAMLParseError, source: SourceText, diagnostics: Diagnostics): undefined {
  const { message, offset, hints } = explainSyntax(error, source.text);
  diagnostics.error({ code: 'yaml-syntax', message, at: source.base + offset, hints });
}

function reportControl(control: RegExpExecArray, source: SourceText, diagnostics: Diagnostics): void {
  const code = (control[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const isWide = code === '0000' && control.index < 4;
  diagnostics.error({
    code: 'yaml-syntax',
    message: `the character U+${code} cannot stand in a text file`,
    at: source.base + control.index,
    hints: [isWide ? 'the file looks like UTF-16: save it as UTF-8' : 'is this a Compose file?'],
  });
}
