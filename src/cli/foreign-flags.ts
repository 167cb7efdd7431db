// Flags that docker-compose 1, Docker Compose and podman-compose have before the command, and tcompose has no use for. They
// stand before the verb only, so that none of their letters is taken from a command.

import type { FlagSpecs } from './flag.ts';

const noDaemon = {
  why: 'there is no daemon to talk to',
  instead: 'run tcompose on the host itself, with ssh for instance',
} as const;

const noPodman = {
  why: 'podman is not used',
  instead: 'say it in the Compose file: what options of podman do has keys there',
} as const;

const podmanArguments = {
  type: 'string',
  value: 'ARGS',
  hidden: true,
  summary: 'Arguments of podman',
  refused: noPodman,
} as const;

const tlsFile = {
  type: 'string',
  value: 'FILE',
  hidden: true,
  summary: 'Key or certificate for a daemon',
  refused: noDaemon,
} as const;

const tlsSwitch = {
  type: 'boolean',
  hidden: true,
  summary: 'How to talk to a daemon',
  refused: noDaemon,
} as const;

export const foreignFlags = {
  context: {
    type: 'string',
    char: 'c',
    value: 'NAME',
    hidden: true,
    summary: 'The daemon to talk to, by the name of a context',
    harmless: /^default$/,
    refused: noDaemon,
  },
  host: {
    type: 'string',
    char: 'H',
    value: 'SOCKET',
    hidden: true,
    summary: 'The daemon to talk to; a socket of this host is as good as none',
    harmless: /^unix:/,
    refused: noDaemon,
  },
  tls: tlsSwitch,
  tlsverify: tlsSwitch,
  'skip-hostname-check': tlsSwitch,
  tlscacert: tlsFile,
  tlscert: tlsFile,
  tlskey: tlsFile,
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    hidden: true,
    summary: 'How much to log',
    ignored: 'warnings and errors are always told; --progress quiet leaves out the rest',
  },
  'insecure-registry': {
    type: 'list',
    value: 'HOST',
    hidden: true,
    summary: 'Registry without TLS for Compose files',
    refused: {
      why: 'registries without TLS are named once, for all commands',
      instead: 'write it into `insecure` of registries.json: see docs/images.md',
    },
  },
  'in-pod': {
    type: 'string',
    value: 'POD',
    hidden: true,
    summary: 'Whether containers are in a pod',
    harmless: /^(0|false|no)$/i,
    ignored: 'there are no pods; services of a project reach each other by name over its networks',
  },
  'pod-args': podmanArguments,
  'podman-args': podmanArguments,
  'podman-build-args': podmanArguments,
  'podman-inspect-args': podmanArguments,
  'podman-pull-args': podmanArguments,
  'podman-push-args': podmanArguments,
  'podman-rm-args': podmanArguments,
  'podman-run-args': podmanArguments,
  'podman-start-args': podmanArguments,
  'podman-stop-args': podmanArguments,
  'podman-volume-args': podmanArguments,
  'podman-path': {
    type: 'string',
    value: 'FILE',
    hidden: true,
    summary: 'Where podman is',
    ignored: noPodman.why,
  },
  'no-cleanup': {
    type: 'boolean',
    hidden: true,
    summary: 'Keep the containers that are there, which `up` does where nothing changed',
  },
} as const satisfies FlagSpecs;
