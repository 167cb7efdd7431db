// A laboratory, and a Docker beside it that has the same base image, for the tests of one suite.

import { afterAll, beforeAll } from 'vitest';
import { loadBase } from './docker-build.ts';
import { DockerBuilder } from './docker-builder.ts';
import { Laboratory } from './laboratory.ts';

export function useDocker(): { readonly laboratory: Laboratory; docker(): DockerBuilder } {
  const laboratory = new Laboratory();
  let docker: DockerBuilder | undefined;

  beforeAll(async () => {
    await laboratory.makeBase();
    docker = await DockerBuilder.start(laboratory.makeDirectory('docker'));
    await loadBase(docker, laboratory);
  });

  afterAll(async () => {
    await docker?.stop();
    laboratory.close();
  });

  return {
    laboratory,
    docker() {
      if (docker === undefined) throw new Error('Docker has not started');
      return docker;
    },
  };
}
