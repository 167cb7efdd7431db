// What a build did, read from its plain progress.

/** Titles of steps that ran, and of those that were known. */
export function stepsOf(stderr: string): { ran: string[]; cached: string[] } {
  const titles = new Map<string, string>();
  const ran: string[] = [];
  const cached: string[] = [];
  for (const line of stderr.split('\n')) {
    const [, id = '', rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
    if (rest.includes(': [')) titles.set(id, rest.replace(/^.*?\] /, ''));
    const title = titles.get(id);
    if (title === undefined) continue;
    if (rest === 'CACHED') cached.push(title);
    if (rest.startsWith('DONE')) ran.push(title);
  }
  return { ran, cached };
}
