// The attributes of `build`. Source: compose-spec build.md.

import { bytes, type Fields, flag, list, map, nullable, text } from './codec.ts';
import { fileReference, sshKeys, ulimit } from './field-codecs.ts';

const texts = list(text);
const textMap = map(text);

export const buildFields: Fields = {
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: texts,
  args: map(nullable(text)),
  provenance: text,
  sbom: text,
  ssh: sshKeys,
  labels: textMap,
  cache_from: texts,
  cache_to: texts,
  no_cache: flag,
  no_cache_filter: texts,
  additional_contexts: textMap,
  pull: flag,
  extra_hosts: texts,
  isolation: text,
  network: text,
  target: text,
  secrets: list(fileReference),
  shm_size: bytes,
  tags: texts,
  ulimits: map(ulimit),
  platforms: texts,
  privileged: flag,
};
