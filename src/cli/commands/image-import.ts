import { imageImport } from '../../app/image/import.ts';
import { requireByteInput } from '../byte-input.ts';
import { defineCommand } from '../command.ts';
import { commitFlags, platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'FILE|- [NAME[:TAG]]',
  operandCount: { min: 1, max: 2 },
  examples: [
    { text: 'A root file system as an image', line: 'image import rootfs.tar.gz debian:mine' },
    { text: 'With a command', line: `image import -c 'CMD ["/app"]' - app < rootfs.tar` },
  ],
  flags: { change: commitFlags.change, message: commitFlags.message, ...platformFlag },
  async run({ flags, operands: [file = '', reference], session }) {
    const source = file === '-' ? requireByteInput('name a file, or redirect one here') : file;
    const entry = await imageImport(session.context, source, {
      reference,
      changes: flags.change,
      message: flags.message,
      platform: flags.platform,
    });
    session.print(entry === undefined ? `would import ${file}\n` : `${entry.imageId}\n`);
    return 0;
  },
});
