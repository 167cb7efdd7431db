// `tag` of the log drivers: a template over the container. Source: Docker's documentation, "Customize log driver output".

import type { ContainerInput } from './container-input.ts';

type Value = (input: ContainerInput) => string;

const VALUES: Readonly<Record<string, Value>> = {
  ID: ({ identity }) => identity.id.slice(0, 12),
  FullID: ({ identity }) => identity.id,
  Name: ({ identity }) => identity.name,
  ImageID: ({ image }) => image.id.replace(/^sha256:/, '').slice(0, 12),
  ImageFullID: ({ image }) => image.id,
  ImageName: ({ image }) => image.reference,
  DaemonName: () => 'tcompose',
};

const FIELD = /\{\{\s*\.(\w+)\s*\}\}/g;

export function expandTag(template: string, input: ContainerInput): string {
  return template.replace(FIELD, (whole, name: string) => VALUES[name]?.(input) ?? whole);
}

/** What of a template is no field that there is; undefined if all is. */
export function findStrangeField(template: string): string | undefined {
  const rest = template.replace(FIELD, (whole, name: string) => (VALUES[name] ? '' : whole));
  return /\{\{.*?(\}\}|$)/.exec(rest)?.[0];
}

export const TAG_FIELDS = Object.keys(VALUES).map((name) => `{{.${name}}}`);
