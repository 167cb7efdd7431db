import { describe, expect, it } from 'vitest';
import { renderEvent, renderEventAsJson } from '../../../src/ui/event-line.ts';

const event = {
  time: '2026-01-31T13:23:37.1234567Z',
  service: 'web',
  id: 'f00',
  action: 'die',
  attributes: { name: 'shop-web-1', image: 'nginx', exitCode: '1' },
};

describe('an event', () => {
  it('is a line as Docker Compose prints it, in local time', () => {
    const local = new Date(event.time);
    const hours = String(local.getHours()).padStart(2, '0');
    const line = renderEvent(event);
    expect(line).toMatch(
      /^2026-0[12]-\d\d \d\d:23:37\.123456 container die f00 \(exitCode=1, image=nginx, name=shop-web-1\)\n$/,
    );
    expect(line.slice(11, 13)).toBe(hours);
  });

  it('does not command the terminal', () => {
    expect(renderEvent({ ...event, attributes: { name: 'a\u001b[2J' } })).toContain('(name=a?[2J)');
  });

  it('is an object with its members in the order of their names', () => {
    expect(renderEventAsJson(event)).toBe(
      `{"action":"die","attributes":{"name":"shop-web-1","image":"nginx","exitCode":"1"},"id":"f00","service":"web","time":"${event.time}","type":"container"}\n`,
    );
  });
});
