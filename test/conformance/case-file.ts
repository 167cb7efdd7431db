// Cases as text. `=== title`, then compose.yaml, then sections: `--- file NAME`, `--- env`, `--- options` are input;
// `--- expect PATH`, `--- error`, `--- warning` are output, and GOLDEN_UPDATE=1 rewrites them.

export interface Section {
  readonly kind: 'file' | 'env' | 'options' | 'expect' | 'error' | 'warning';
  readonly name: string;
  readonly text: string;
}

export interface Case {
  readonly title: string;
  readonly sections: readonly Section[];
}

export interface CaseFile {
  /** What stands before the first case. */
  readonly preamble: string;
  readonly cases: readonly Case[];
}

const header = /^--- (file|env|options|expect|error|warning)(?: (.*))?$/;

export function parseCaseFile(text: string): CaseFile {
  const [preamble = '', ...parts] = text.split(/^=== /m);
  return { preamble, cases: parts.map(parseCase) };
}

/** A title, then the text of a case. */
export function parseCase(text: string): Case {
  const [title = '', ...lines] = text.split('\n');
  const sections: Section[] = [];
  let kind: Section['kind'] = 'file';
  let name = 'compose.yaml';
  let body: string[] = [];
  const close = () => {
    const content = body.join('\n').replace(/\n+$/, '');
    if (kind !== 'file' || name !== 'compose.yaml' || content !== '') {
      sections.push({ kind, name, text: content === '' ? '' : `${content}\n` });
    }
  };
  for (const line of lines) {
    const match = header.exec(line);
    if (!match) {
      body.push(line);
      continue;
    }
    close();
    kind = match[1] as Section['kind'];
    name = match[2] ?? '';
    body = [];
  }
  close();
  return { title, sections };
}

export function formatCaseFile({ preamble, cases }: CaseFile): string {
  return (
    preamble + cases.map((one) => `=== ${one.title}\n${one.sections.map(formatSection).join('')}\n`).join('')
  );
}

/** Empty if there is no such section. */
export function textOf(one: Case, kind: Section['kind']): string {
  return one.sections.find((section) => section.kind === kind)?.text ?? '';
}

function formatSection(section: Section): string {
  const isMain = section.kind === 'file' && section.name === 'compose.yaml';
  const head = isMain ? '' : `--- ${section.kind}${section.name === '' ? '' : ` ${section.name}`}\n`;
  return head + section.text;
}

/** The section `options`. */
export interface Options {
  readonly cwd?: string;
  readonly files?: string[];
  readonly envFiles?: string[];
  readonly projectDirectory?: string;
  readonly projectName?: string;
  readonly profiles?: string[];
  readonly services?: string[];
  readonly allResources?: boolean;
}

/** One JSON object. */
export function parseOptions(text: string): Options {
  return text === '' ? {} : (JSON.parse(text) as Options);
}

export function parseEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
}
