// What a user reads when a Compose file is wrong, or could be better. The input is a case as in test/conformance.

import { describe } from 'vitest';
import { renderError, renderWarning } from '../../../src/ui/diagnostic.ts';
import { createStyle } from '../../../src/ui/style.ts';
import { parseCase } from '../../conformance/case-file.ts';
import { filesOf, loadCase } from '../../conformance/run-case.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';

describe('a diagnostic', () => {
  testGoldenFiles('errors', (input) => {
    const one = parseCase(`title\n${input}`);
    const files = filesOf(one);
    const options = {
      style: createStyle(false),
      directory: '/project',
      readSource: (file: string) => files.get(file),
    };
    const { error, model } = loadCase(one);
    if (error) return renderError(error, options);
    return (model?.warnings ?? []).map((warning) => renderWarning(warning, options)).join('') || 'nothing\n';
  });
});
