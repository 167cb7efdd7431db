import { usageError } from '../argv.ts';
import { defineCommand } from '../command.ts';
import { completionScripts, type Shell, shells } from '../completion/scripts.ts';

export const command = defineCommand({
  operands: 'bash|zsh|fish',
  operandCount: { min: 1, max: 1 },
  choices: shells,
  examples: [{ text: 'In ~/.bashrc', line: 'completion bash' }],
  flags: {},
  async run({ operands, session }) {
    const shell = operands[0] as Shell;
    if (!shells.includes(shell)) throw usageError(`"${shell}" is not one of ${shells.join(', ')}`);
    session.print(completionScripts[shell]);
    return 0;
  },
});
