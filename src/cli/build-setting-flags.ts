// The flags of `docker build` that `docker compose build` has not: for what the Compose file can say too.

import { usageError } from './argv.ts';
import type { FlagSpecs } from './flag.ts';
import { notSupported } from './flag-values.ts';

export const noAttestation = {
  why: 'attestations are not made',
  instead: 'leave the flag out, and attest images with a tool of its own, such as syft or cosign',
};

/** As buildx writes it. */
export const noneAsked = /^(false|0|disabled=true|type=\w+,disabled=true)$/;

export const buildSettingFlags = {
  label: { type: 'list', value: 'NAME=VALUE', summary: 'Give the images a label' },
  tag: { type: 'list', char: 't', value: 'NAME', summary: 'One more name of the image' },
  target: { type: 'string', value: 'STAGE', summary: 'Build the image up to a stage' },
  secret: {
    type: 'list',
    value: 'SECRET',
    summary: 'Secret that steps may use: id=NAME,src=FILE or id=NAME,env=VARIABLE',
  },
  'build-context': {
    type: 'list',
    value: 'NAME=PLACE',
    summary: 'A directory, or docker-image://NAME, that Dockerfiles call by a name',
  },
  'no-cache-filter': { type: 'list', value: 'STAGE', summary: 'Run every step of a stage' },
  network: { type: 'string', value: 'MODE', summary: 'Network of steps: default, none or host' },
  'add-host': { type: 'list', value: 'HOST:ADDRESS', summary: 'A line of /etc/hosts for steps' },
  'shm-size': { type: 'string', value: 'BYTES', summary: 'Size of /dev/shm of steps' },
  ulimit: { type: 'list', value: 'NAME=SOFT[:HARD]', summary: 'A limit of the processes of steps' },
  allow: {
    type: 'list',
    value: 'ENTITLEMENT',
    summary: 'What steps may ask for: network.host, security.insecure',
  },
  iidfile: { type: 'string', value: 'FILE', summary: 'Write the id of the image to a file' },
  call: { type: 'string', value: 'METHOD', hidden: true, summary: 'build, or check as --check' },
  load: { type: 'boolean', hidden: true, summary: 'Has no meaning: the image is in the store in any case' },
  attest: {
    type: 'string',
    value: 'ATTESTATION',
    hidden: true,
    summary: 'Attestations are not made',
    harmless: noneAsked,
    refused: noAttestation,
  },
  annotation: {
    type: 'list',
    value: 'NAME=VALUE',
    hidden: true,
    summary: 'Annotate the manifest',
    refused: {
      why: 'a manifest is made when an image is sent',
      instead: 'use --label, which the image keeps',
    },
  },
  'cgroup-parent': {
    type: 'string',
    value: 'GROUP',
    hidden: true,
    summary: 'Control group of steps',
    refused: { why: 'steps are in the control group of the instance', instead: 'limit them with --memory' },
  },
} as const satisfies FlagSpecs;

/** The checks alone? */
export function readCall(call: string | undefined): boolean {
  if (call === undefined || call === 'build') return false;
  if (call === 'check' || call === 'lint') return true;
  if (call === 'outline' || call === 'targets')
    throw notSupported(`--call ${call}`, {
      why: 'a Dockerfile is built or checked, not described',
      instead: 'leave the flag out, or say check',
    });
  throw usageError(`--call: "${call}" is none of build, check`);
}
