// Holds a project against the table of attributes: what would be ignored or misunderstood is said, with its place.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { type AttributeSupport, findAttribute, hasAttributesBelow } from './attributes.ts';
import type { Finding } from './finding.ts';

type Path = readonly (string | number)[];

interface Place {
  readonly row: AttributeSupport;
  readonly path: Path;
  readonly value: unknown;
}

/** Attributes and values of the services that this runtime cannot honour, one error each. */
export function findUnsupported(
  model: ProjectModel,
  services: readonly ServiceConfig[] = Object.values(model.services),
): readonly TcError[] {
  return services.flatMap((service) =>
    listPlaces(service).flatMap((place) => [
      ...(place.row.support === 'refused' ? [refuse(model, service, place)] : []),
      ...findWrongValues(model, service, place),
    ]),
  );
}

/** Attributes and values of the services that have no effect here. */
export function findIgnored(
  model: ProjectModel,
  services: readonly ServiceConfig[] = Object.values(model.services),
): readonly Warning[] {
  return [
    ...findIgnoredDrivers(model, services),
    ...services.flatMap((service) => listIgnored(model, service)),
  ];
}

/** Of configs and secrets: there is nobody here to fill in a template or to fetch a secret from elsewhere. */
const DRIVERS = ['template_driver', 'driver', 'driver_opts'] as const;

function findIgnoredDrivers(model: ProjectModel, services: readonly ServiceConfig[]): Warning[] {
  return (['configs', 'secrets'] as const).flatMap((kind) => {
    const used = new Set(services.flatMap((service) => service[kind]?.map(({ source }) => source) ?? []));
    return [...used].flatMap((key) =>
      DRIVERS.filter((name) => !isSilent(model[kind][key]?.[name])).map((name) => ({
        code: 'attribute-ignored',
        message: `${kind}.${key}.${name} has no effect: contents are taken as they are`,
        source: model.positions.at([kind, key, name]),
      })),
    );
  });
}

function listIgnored(model: ProjectModel, service: ServiceConfig): Warning[] {
  return listPlaces(service).flatMap((place) => {
    const { row, path } = place;
    const notes = [
      ...(row.support === 'warned' ? [` has no effect: ${row.note}`] : []),
      ...examine(service, place).flatMap(({ kind, what }) => (kind === 'ignored' ? [`: ${what}`] : [])),
    ];
    return notes.map((note) => ({
      code: 'attribute-ignored',
      message: `${name(service, path)}${note}`,
      source: model.positions.at(['services', service.name, ...path]),
    }));
  });
}

/** Every place of the service that has a row of its own and says something. */
function listPlaces(service: ServiceConfig): readonly Place[] {
  return Object.entries(service).flatMap(([key, value]) => visit(value, [key], key));
}

function visit(value: unknown, path: Path, pattern: string): readonly Place[] {
  if (isSilent(value)) return [];
  const row = findAttribute(pattern);
  const here = row ? [{ row, path, value }] : [];
  const isClosed = row !== undefined && row.support !== 'honoured';
  if (isClosed || !hasAttributesBelow(pattern)) return here;
  const below = Object.entries(value as object).flatMap(([key, child]) => {
    const named = `${pattern}.${key}`;
    const isKnown = findAttribute(named) !== undefined || hasAttributesBelow(named);
    return visit(
      child,
      [...path, Array.isArray(value) ? Number(key) : key],
      isKnown ? named : `${pattern}.*`,
    );
  });
  return [...here, ...below];
}

/** Said nothing, or said that it is not wanted. */
function isSilent(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function refuse(model: ProjectModel, service: ServiceConfig, { row, path }: Place): TcError {
  return new TcError(`${name(service, path)} is not supported yet`, {
    code: 'not-supported-yet',
    hints: row.note ? [row.note] : [],
    source: model.positions.at(['services', service.name, ...path]),
  });
}

function examine(service: ServiceConfig, { row, value }: Place): readonly Finding[] {
  return row.check?.(value as never, service) ?? [];
}

function findWrongValues(model: ProjectModel, service: ServiceConfig, place: Place): TcError[] {
  const { path } = place;
  return examine(service, place)
    .filter(({ kind }) => kind !== 'ignored')
    .map(
      ({ kind, what, hint, path: below }) =>
        new TcError(`${name(service, path)}: ${what}`, {
          code: kind === 'unsupported' ? 'not-supported-yet' : 'invalid-value',
          hints: hint ? [hint] : [],
          source: model.positions.at(['services', service.name, ...path, ...below]),
        }),
    );
}

function name(service: ServiceConfig, path: Path): string {
  return ['services', service.name, ...path].join('.');
}
