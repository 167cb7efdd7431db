// A plan for people: one row per resource with what becomes of it and why, every changed field with its place.

import { relative } from 'node:path';
import { formatDuration } from '../base/duration.ts';
import type { SourcePosition } from '../base/error.ts';
import type { DependencyCondition } from '../project/service-config.ts';
import { describeResource, explainCause, explainValues } from './explain.ts';
import type {
  Cause,
  FieldChange,
  NodeId,
  Operation,
  OperationKind,
  Plan,
  PlanNode,
  PlannedImage,
} from './operation.ts';

/** How a terminal shows the parts; identity functions give plain text. */
export interface PlanStyle {
  added(text: string): string;
  changed(text: string): string;
  removed(text: string): string;
  dim(text: string): string;
}

const plain: PlanStyle = {
  added: (text) => text,
  changed: (text) => text,
  removed: (text) => text,
  dim: (text) => text,
};

export interface ExplainOptions {
  /** Files below it are named relative to it. */
  readonly directory: string;
  readonly style?: PlanStyle;
}

interface Row {
  readonly type: string;
  readonly name: string;
  readonly nodes: PlanNode[];
}

/** What becomes of a resource on which these kinds of operation are done. First match counts. */
const fates: readonly {
  readonly kinds: readonly OperationKind[];
  readonly sign: '+' | '~' | '-';
  readonly verb: string;
}[] = [
  { kinds: ['create-container', 'remove-container'], sign: '~', verb: 'recreate' },
  { kinds: ['create-network', 'remove-network'], sign: '~', verb: 'recreate' },
  { kinds: ['create-container', 'start-container'], sign: '+', verb: 'create and start' },
  { kinds: ['create-container'], sign: '+', verb: 'create' },
  { kinds: ['create-network'], sign: '+', verb: 'create' },
  { kinds: ['create-volume'], sign: '+', verb: 'create' },
  { kinds: ['remove-container', 'start-container'], sign: '~', verb: 'recreate' },
  { kinds: ['stop-container', 'remove-container'], sign: '-', verb: 'stop and remove' },
  { kinds: ['remove-container'], sign: '-', verb: 'remove' },
  { kinds: ['remove-network'], sign: '-', verb: 'remove' },
  { kinds: ['remove-volume'], sign: '-', verb: 'remove, with all its data' },
  { kinds: ['remove-image'], sign: '-', verb: 'remove' },
  { kinds: ['restart-container'], sign: '~', verb: 'restart' },
  { kinds: ['start-container'], sign: '+', verb: 'start' },
  { kinds: ['kill-container'], sign: '-', verb: 'kill' },
  { kinds: ['pause-container'], sign: '~', verb: 'pause' },
  { kinds: ['unpause-container'], sign: '~', verb: 'unpause' },
  { kinds: ['stop-container'], sign: '-', verb: 'stop' },
  { kinds: ['run-provider'], sign: '~', verb: 'run its provider' },
];

export function explainPlan(plan: Plan, options: ExplainOptions): string {
  const rows = groupRows(plan);
  const images = plan.images ?? [];
  if (rows.length + images.length === 0) return `Project ${plan.project}: nothing to do.\n`;
  const style = options.style ?? plain;
  const width = Math.max(...rows.map((row) => row.name.length), ...images.map(({ image }) => image.length));
  const waits = describeWaits(plan);
  const pulls = images.map((image) => explainImage(image, { width, style }));
  const lines = rows.flatMap((row) => [
    ...explainRow(row, { width, style, waits }),
    ...explainChanges(row, { ...options, style }),
  ]);
  const final = plan.nodes.filter(isFinalWait).map((node) => describeWait(node.operation));
  const ending = [
    ...describeUpdates(plan),
    ...(final.length > 0 ? [`  then wait until ${final.join(', ')}`] : []),
  ];
  return `${[`Project ${plan.project}: ${summarize(rows, images)}`, '', ...pulls, ...lines, ...ending].join('\n')}\n`;
}

/** In the order of the plan, but that networks and volumes come first, and go last. */
function groupRows(plan: Plan): Row[] {
  const rows = new Map<string, Row>();
  for (const node of plan.nodes) {
    if (node.operation.kind === 'await-condition' || node.operation.kind === 'observe-update') continue;
    const { name, type } = describeResource(node.operation);
    // A container and its successor may differ in name; their group holds them together.
    const key = node.group ?? `${type} ${name}`;
    const row = rows.get(key);
    if (row) row.nodes.push(node);
    else rows.set(key, { type, name, nodes: [node] });
  }
  const rank = (row: Row) => (row.type === 'container' ? 1 : fateOf(row).sign === '-' ? 2 : 0);
  return [...rows.values()].sort((a, b) => rank(a) - rank(b));
}

function fateOf(row: Row): (typeof fates)[number] {
  const kinds = new Set(row.nodes.map((node) => node.operation.kind));
  const fate = fates.find((candidate) => candidate.kinds.every((kind) => kinds.has(kind)));
  return fate ?? { kinds: [], sign: '~', verb: 'touch' };
}

interface RowLayout {
  readonly width: number;
  readonly style: PlanStyle;
  readonly waits: ReadonlyMap<NodeId, string>;
}

function explainImage(
  { action, image, why }: PlannedImage,
  { style, width }: Omit<RowLayout, 'waits'>,
): string {
  const head = `  ${style.added('+')} ${'image'.padEnd('container'.length)}  ${image.padEnd(width)}`;
  return why === 'due' ? `${head}  ${action} again: its policy asks for it` : `${head}  ${action}`;
}

function explainRow(row: Row, { style, waits, width }: RowLayout): string[] {
  const { sign, verb } = fateOf(row);
  const paint = { '+': style.added, '~': style.changed, '-': style.removed }[sign];
  const reason = shortReason(row.nodes[0]?.cause);
  const gates = new Set(row.nodes.flatMap((node) => node.dependsOn.flatMap((id) => waits.get(id) ?? [])));
  const once = gates.size === 0 ? '' : style.dim(`, once ${[...gates].join(' and ')}`);
  const head = `  ${paint(sign)} ${row.type.padEnd('container'.length)}  ${row.name.padEnd(width)}`;
  return [`${head}  ${verb}${reason === '' ? '' : `: ${reason}`}${once}`];
}

/** A cause whose details follow as rows of their own is only named. */
function shortReason(cause: Cause | undefined): string {
  if (cause === undefined || cause.reason === 'missing' || cause.reason === 'requested') return '';
  if (cause.reason === 'changed') return 'its configuration changed';
  if (cause.reason === 'dependency') return `${cause.of} is recreated or restarted`;
  return explainCause(cause);
}

function explainChanges(row: Row, options: ExplainOptions & { readonly style: PlanStyle }): string[] {
  const cause = row.nodes[0]?.cause;
  const changes = cause?.reason === 'changed' ? cause.changes : [];
  const cells = changes.map((change): [string, string, string] => [
    change.path,
    explainValues(change),
    placeOf(change, options.directory),
  ]);
  const width = (column: 0 | 1) => Math.max(0, ...cells.map((cell) => cell[column].length));
  return cells.map(([path, values, place]) => {
    const text = `        ${path.padEnd(width(0))}  ${values.padEnd(width(1))}`;
    return place === '' ? text.trimEnd() : `${text}  ${options.style.dim(place)}`;
  });
}

function placeOf({ source }: FieldChange, directory: string): string {
  return source === undefined ? '' : formatPlace(source, directory);
}

function formatPlace({ col, file, line }: SourcePosition, directory: string): string {
  const path = relative(directory, file);
  const isInside = file !== '-' && !path.startsWith('..');
  return `${isInside ? path : file}:${line}:${col}`;
}

/** How replicas are replaced that are not replaced at once: one line for each service. */
function describeUpdates({ nodes }: Plan): string[] {
  const batches = nodes.flatMap(({ operation }) => (operation.kind === 'observe-update' ? [operation] : []));
  const services = [...new Set(batches.map(({ service }) => service))];
  return services.map((service) => {
    const own = batches.filter((batch) => batch.service === service);
    const names = own.map(({ containers }) => containers.map(({ name }) => name).join(' and '));
    const { failureAction, order, window } = own[0] as (typeof own)[number];
    const how = order === 'start-first' ? 'new ones start before old ones stop' : 'old ones stop first';
    return `  ${service}: ${names.join(', then ')}; ${how}, each is watched for ${formatDuration(window)}, on failure ${failureAction}`;
  });
}

/** Id of a step that waits -> what it waits for. */
function describeWaits(plan: Plan): Map<NodeId, string> {
  const waits = plan.nodes.filter(({ operation }) => operation.kind === 'await-condition');
  return new Map(waits.map((node) => [node.id, describeWait(node.operation)]));
}

function isFinalWait({ operation }: PlanNode): boolean {
  return operation.kind === 'await-condition' && operation.dependent === undefined;
}

const conditions: Readonly<Record<DependencyCondition, string>> = {
  service_started: 'runs',
  service_healthy: 'is healthy',
  service_completed_successfully: 'has completed',
};

function describeWait(operation: Operation): string {
  return operation.kind === 'await-condition'
    ? `${operation.service} ${conditions[operation.condition]}`
    : '';
}

/** `1 network to create, 2 containers to recreate`. */
function summarize(rows: readonly Row[], images: readonly PlannedImage[]): string {
  const counts = new Map<string, { readonly type: string; readonly verb: string; count: number }>();
  for (const verb of ['pull', 'push']) {
    const count = images.filter(({ action }) => action === verb).length;
    if (count > 0) counts.set(`image ${verb}`, { type: 'image', verb, count });
  }
  for (const row of rows) {
    const verb = fateOf(row).verb.split(',', 1)[0] ?? '';
    const key = `${row.type} ${verb}`;
    const known = counts.get(key);
    if (known) known.count += 1;
    else counts.set(key, { type: row.type, verb, count: 1 });
  }
  return [...counts.values()]
    .map(({ count, type, verb }) => `${count} ${type}${count === 1 ? '' : 's'} to ${verb}`)
    .join(', ');
}
