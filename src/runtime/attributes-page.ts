// docs/attributes.md, from the table.

import { ATTRIBUTE_GROUPS, type AttributeSupport } from './attributes.ts';

const HEAD = `# What tcompose does with the attributes of a service

Every attribute of the Compose Specification is here. *Honoured*: it does what the specification says. *Warned*: it is
accepted, has no effect, and a warning says so. *Refused*: a project that uses it does not start, and the error names
file, line and column. An attribute that the specification does not have is an error as well.
`;

export function renderAttributesPage(): string {
  const sections = Object.entries(ATTRIBUTE_GROUPS).map(
    ([title, rows]) =>
      `\n## ${title}\n\n| attribute | support | note |\n|---|---|---|\n${rows.map(renderRow).join('')}`,
  );
  return HEAD + sections.join('');
}

function renderRow({ path, support, note }: AttributeSupport): string {
  return `| \`${path}\` | ${support} | ${note ?? ''} |\n`;
}
