// Commands of Docker Compose and podman-compose that tcompose does not have. They are known, so that the answer is what to do
// instead, and not "did you mean".

import type { Refusal } from './flag.ts';

const publish: Refusal = {
  why: 'a project is not packed into an artefact of a registry',
  instead:
    'send its images with `tcompose push`, keep its files in Git, and run it with `tcompose -f https://HOST/PROJECT.git up`',
};

const refusals: Readonly<Record<string, Refusal>> = {
  alpha: {
    why: 'it holds the experiments of Docker Compose',
    instead: 'see `tcompose help`: `scale`, `plan` and `--dry-run` do what several of them did',
  },
  'alpha dry-run': {
    why: 'it is a flag of every command',
    instead: 'write `tcompose --dry-run COMMAND`, or `tcompose plan`',
  },
  'alpha generate': {
    why: "it reads the containers of Docker's daemon",
    instead: 'write the services into a compose.yaml; `tcompose config` checks it',
  },
  'alpha publish': publish,
  'alpha scale': { why: 'it is a command of its own', instead: 'write `tcompose scale SERVICE=N`' },
  'alpha viz': {
    why: 'no graphs are drawn',
    instead: '`tcompose plan --format json` has the steps and what each waits for',
  },
  bridge: {
    why: "it runs Docker's own images to convert a project",
    instead: 'give the output of `tcompose config` to a converter, such as kompose',
  },
  publish,
  systemd: {
    why: 'there are no units of single projects',
    instead:
      '`sudo tcompose system install-service --enable` brings back at boot what `restart:` says, in all projects',
  },
};

/** Their first words. */
export const foreignVerbs: readonly string[] = Object.keys(refusals).filter((verb) => !verb.includes(' '));

export function findForeignVerb(
  first: string,
  second: string | undefined,
): { readonly verb: string; readonly refusal: Refusal } | undefined {
  for (const verb of [`${first} ${second}`, first]) {
    const refusal = Object.hasOwn(refusals, verb) ? refusals[verb] : undefined;
    if (refusal !== undefined) return { verb, refusal };
  }
  return undefined;
}
