// Attribute values as one line of text, in the short notation of Compose files where there is one.

import { formatDuration } from '../base/duration.ts';
import { formatBytes } from '../base/units.ts';

/** What stands for a value that must not be shown. */
export const hiddenValue = '(changed)';
/** Marks the keyed digest that a record keeps in place of a secret value. */
const digestPrefix = 'hmac:';

const durations = new Set([
  'stop_grace_period',
  'interval',
  'timeout',
  'start_period',
  'start_interval',
  'delay',
  'window',
]);
const sizes = new Set(['mem_limit', 'mem_reservation', 'memswap_limit', 'shm_size', 'memory', 'size']);

type Attributes = Readonly<Record<string, unknown>>;

const shortForms: Readonly<Record<string, (entry: Attributes) => string>> = {
  ports: formatPort,
  volumes: formatMount,
  configs: formatFileReference,
  secrets: formatFileReference,
  devices: formatDevice,
  ulimits: (entry) => `${entry['soft']}:${entry['hard']}`,
};

/** Undefined for an absent value. `attribute` is the name that the value, or the list it is in, goes by. */
export function formatValue(value: unknown, attribute: string): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return attribute === 'command' || attribute === 'entrypoint' ? "(the image's)" : 'null';
  if (typeof value === 'string') return value.startsWith(digestPrefix) ? hiddenValue : value;
  if (typeof value === 'number') return formatNumber(value, attribute);
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  return shortForms[attribute]?.(value as Attributes) ?? JSON.stringify(value);
}

function formatNumber(value: number, attribute: string): string {
  if (durations.has(attribute)) return formatDuration(value);
  return sizes.has(attribute) ? formatBytes(value) : String(value);
}

/** `127.0.0.1:8080:80/tcp`. */
function formatPort(port: Attributes): string {
  const address = port['host_ip'] === undefined ? '' : `${port['host_ip']}:`;
  const published = port['published'] === undefined ? '' : `${port['published']}:`;
  return `${address}${published}${port['target']}/${port['protocol'] ?? 'tcp'}`;
}

/** `data:/var/lib/data:ro`; a type that the short notation lacks goes first, `tmpfs /run`. */
function formatMount(mount: Attributes): string {
  const source = mount['source'] === undefined ? '' : `${mount['source']}:`;
  const type = mount['type'] === 'bind' || mount['type'] === 'volume' ? '' : `${mount['type']} `;
  return `${type}${source}${mount['target']}${mount['read_only'] === true ? ':ro' : ''}`;
}

function formatFileReference(file: Attributes): string {
  return file['target'] === undefined ? String(file['source']) : `${file['source']}:${file['target']}`;
}

function formatDevice(device: Attributes): string {
  return [device['source'], device['target'], device['permissions']]
    .filter((part) => part !== undefined)
    .join(':');
}
