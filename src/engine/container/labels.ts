// The labels com.docker.compose.* as Docker Compose 5 writes them: other tools find a project's objects by them. Pure.

import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';

const PREFIX = 'com.docker.compose';
/** The Docker Compose whose labels these are. */
const COMPOSE_VERSION = '5.5.0';

/** What of the project a label tells; all that `down` without files knows is its name. */
export type ProjectIdentity = Pick<ProjectModel, 'name' | 'workingDir' | 'configFiles' | 'environmentFiles'>;

export interface ContainerLabelSource {
  readonly project: ProjectIdentity;
  readonly service: ServiceConfig;
  readonly number: number;
  readonly oneOff: boolean;
  readonly imageId: string;
  /** hashService. */
  readonly configHash: string;
  readonly replaces?: string;
  /** Of a one-off. */
  readonly slug?: string;
}

export function formatContainerLabels(source: ContainerLabelSource): Record<string, string> {
  const { project, service } = source;
  const dependencies = Object.entries(service.depends_on).map(
    ([name, { condition, restart }]) => `${name}:${condition}:${restart === true}`,
  );
  return {
    ...service.labels,
    [`${PREFIX}.config-hash`]: source.configHash,
    // One-offs are not numbered.
    ...(source.oneOff ? {} : { [`${PREFIX}.container-number`]: String(source.number) }),
    [`${PREFIX}.depends_on`]: dependencies.join(','),
    [`${PREFIX}.image`]: source.imageId,
    [`${PREFIX}.oneoff`]: source.oneOff ? 'True' : 'False',
    [`${PREFIX}.project`]: project.name,
    [`${PREFIX}.project.config_files`]: project.configFiles.join(','),
    ...(project.environmentFiles.length > 0
      ? { [`${PREFIX}.project.environment_file`]: project.environmentFiles.join(',') }
      : {}),
    [`${PREFIX}.project.working_dir`]: project.workingDir,
    ...(source.replaces === undefined ? {} : { [`${PREFIX}.replace`]: source.replaces }),
    [`${PREFIX}.service`]: service.name,
    ...(source.slug === undefined ? {} : { [`${PREFIX}.slug`]: source.slug }),
    [`${PREFIX}.version`]: COMPOSE_VERSION,
  };
}

export function formatResourceLabels(
  kind: 'network' | 'volume',
  project: string,
  key: string,
  labels: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    ...labels,
    [`${PREFIX}.project`]: project,
    [`${PREFIX}.${kind}`]: key,
    [`${PREFIX}.version`]: COMPOSE_VERSION,
  };
}
