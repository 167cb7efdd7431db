import { events } from '../../app/events.ts';
import { renderEvent, renderEventAsJson } from '../../ui/event-line.ts';
import { defineCommand } from '../command.ts';
import { interruptedExitCode } from '../exit-code.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'What happens from now on', line: 'events' },
    { text: 'Why did it restart last night?', line: 'events --since 12h --until 0s web' },
  ],
  flags: {
    json: { type: 'boolean', summary: 'One JSON object a line' },
    since: { type: 'string', value: 'TIME', summary: 'From this time on: 2026-01-31T13:23:37Z, or 42m ago' },
    until: { type: 'string', value: 'TIME', summary: 'Up to this time, instead of going on' },
  },
  async run({ flags, operands, session }) {
    const render = flags.json ? renderEventAsJson : renderEvent;
    const { since, until } = flags;
    for await (const event of events(session.context, { services: operands, since, until })) {
      session.print(render(event));
    }
    return session.context.interrupted.aborted ? interruptedExitCode : 0;
  },
});
