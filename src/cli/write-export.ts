// What `export` and `container export` end in.

import type { Exported } from '../app/container/export.ts';
import { writeBytes } from './byte-output.ts';
import type { Session } from './session.ts';

export async function writeExport(
  session: Session,
  { archive, container }: Exported,
  output: string | undefined,
): Promise<number> {
  if (archive === undefined) session.print(`would export ${container.name}\n`);
  else await writeBytes(archive, output, session.context.interrupted);
  return 0;
}
