import { wait } from '../../app/wait.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: 'SERVICE...',
  operandCount: { min: 1 },
  examples: [{ text: 'Wait for a job and return its exit code', line: 'wait job' }],
  flags: {
    'down-project': { type: 'boolean', summary: 'Take the project down when the first container stops' },
  },
  run: ({ flags, operands, session }) =>
    wait(
      session.context,
      { services: operands, downProject: flags['down-project'] },
      ({ container, exitCode }) =>
        session.print(`container "${container.name}" exited with status code ${exitCode}\n`),
    ),
});
