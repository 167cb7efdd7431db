// The output of `events`: a line each, as Docker Compose prints them.

import type { ContainerEvent } from '../engine/ports.ts';
import { hideControls } from './printable.ts';

/** `2026-01-31 13:23:37.123456 container start 3f2a... (image=nginx, name=shop-web-1)`, in local time. */
export function renderEvent({ action, attributes, id, time }: ContainerEvent): string {
  const names = Object.keys(attributes).sort();
  const details = names.map((name) => `${name}=${attributes[name]}`).join(', ');
  return `${hideControls(`${formatLocal(time)} container ${action} ${id} (${details})`)}\n`;
}

export function renderEventAsJson({ action, attributes, id, service, time }: ContainerEvent): string {
  return `${JSON.stringify({ action, attributes, id, service, time, type: 'container' })}\n`;
}

function formatLocal(time: string): string {
  const instant = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [instant.getFullYear(), two(instant.getMonth() + 1), two(instant.getDate())].join('-');
  const clock = [instant.getHours(), instant.getMinutes(), instant.getSeconds()].map(two).join(':');
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '';
  return `${day} ${clock}.${fraction.slice(0, 6).padEnd(6, '0')}`;
}
