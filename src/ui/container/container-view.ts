// A container as `ps` shows it: the fields of its JSON line, which are those of --format templates too.

import type { ObservedContainer } from '../../plan/observed-state.ts';
import { describeAge, formatGoTime } from '../human-time.ts';
import { ellipsize } from '../printable.ts';
import { describePorts, type ListedPort, listPorts } from './ports-text.ts';
import { describeStatus } from './status-text.ts';

/** Field names, order and types as Docker Compose v5 writes them. */
export interface ContainerView {
  readonly Command: string;
  readonly CreatedAt: string;
  readonly ExitCode: number;
  readonly Health: string;
  readonly ID: string;
  readonly Image: string;
  readonly Labels: string;
  readonly LocalVolumes: string;
  readonly Mounts: string;
  readonly Name: string;
  readonly Names: string;
  readonly Networks: string;
  readonly Ports: string;
  readonly Project: string;
  readonly Publishers: readonly PublisherView[];
  readonly RunningFor: string;
  readonly Service: string;
  readonly Size: string;
  readonly State: string;
  readonly Status: string;
}

/** Of a port that is not published: URL is empty, PublishedPort 0. */
export interface PublisherView {
  readonly URL: string;
  readonly TargetPort: number;
  readonly PublishedPort: number;
  readonly Protocol: string;
}

export interface ViewOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly noTrunc: boolean;
}

export function viewContainer(container: ObservedContainer, { noTrunc, now }: ViewOptions): ContainerView {
  const shorten = (text: string, length: number) => (noTrunc ? text : ellipsize(text, length));
  const ports = listPorts(container);
  const isVolume = ({ type }: { readonly type: string }) => type === 'volume';
  return {
    Command: JSON.stringify(shorten(container.command.map(quoteWord).join(' '), 20)),
    CreatedAt: formatGoTime(container.createdAt),
    ExitCode: container.exitCode ?? 0,
    Health: container.health ?? '',
    ID: noTrunc ? container.id : container.id.slice(0, 12),
    Image: container.image,
    Labels: formatLabels(container.labels),
    LocalVolumes: String(container.mounts.filter(isVolume).length),
    Mounts: container.mounts.map((mount) => shorten(mount.source, 15)).join(','),
    Name: container.name,
    Names: container.name,
    Networks: container.networks.map((network) => network.name).join(','),
    Ports: describePorts(ports),
    Project: container.project,
    Publishers: ports.map(viewPublisher),
    RunningFor: describeAge(container.createdAt, now),
    Service: container.service,
    Size: '0B',
    State: container.state,
    Status: describeStatus(container, now),
  };
}

/** Prints in a template as Go prints a struct: the values in the order of the fields. */
function viewPublisher({ address, protocol, published, target }: ListedPort): PublisherView {
  const fields = { URL: address, TargetPort: target, PublishedPort: published, Protocol: protocol };
  return Object.defineProperty(fields, 'toString', {
    value: () => `{${Object.values(fields).join(' ')}}`,
  });
}

/** As Docker's daemon: words with a space stand in quotes, whatever else is in them. */
function quoteWord(word: string): string {
  return word.includes(' ') ? `'${word}'` : word;
}

export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join(',');
}
