import { imageInspect } from '../../app/image/inspect.ts';
import { renderImageInspection } from '../../ui/image/image-inspect.ts';
import { defineCommand } from '../command.ts';
import { platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'IMAGE...',
  operandCount: { min: 1 },
  examples: [
    { text: 'All that is known', line: 'image inspect mysql:8' },
    { text: 'One field', line: "image inspect --format '{{json .Config.Env}}' mysql:8" },
  ],
  flags: {
    format: { type: 'string', char: 'f', value: 'FORMAT', summary: 'json, or a Go template' },
    ...platformFlag,
  },
  async run({ flags, operands, session }) {
    const { done, failure } = await imageInspect(session.context, operands, flags.platform);
    session.print(renderImageInspection(done, flags.format));
    if (failure !== undefined) throw failure;
    return 0;
  },
});
