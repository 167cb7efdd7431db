import { inspectContainers } from '../../app/container/inspect.ts';
import { renderContainers } from '../../ui/container/inspect.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: 'CONTAINER...',
  operandCount: { min: 1 },
  examples: [
    { text: 'All that is known', line: 'inspect shop-web-1' },
    { text: 'Was it killed for want of memory?', line: "inspect -f '{{.State.OOMKilled}}' shop-web-1" },
    { text: 'What its health checks said', line: "inspect -f '{{json .State.Health.Log}}' shop-web-1" },
  ],
  flags: { format: { type: 'string', char: 'f', value: 'FORMAT', summary: 'json, or a Go template' } },
  async run({ flags, operands, session }) {
    const { done, failure } = await inspectContainers(session.context, operands);
    session.print(renderContainers(done, flags.format));
    if (failure !== undefined) throw failure;
    return 0;
  },
});
