// Which images `down --rmi` is about.

import { expect, it } from 'vitest';
import { listNamedImages } from '../../../src/plan/down-images.ts';
import { buildWorld } from './world.ts';

const { model, state } = buildWorld({
  services: {
    web: { image: 'web:1' },
    twin: { image: 'web:1' },
    own: { image: undefined, build: { context: '.' } },
    idle: { image: 'idle:1' },
  },
  containers: { 'web-1': 'running', 'old-1': 'running' },
});

const names = (...args: Parameters<typeof listNamedImages>) =>
  listNamedImages(...args).map(({ image }) => image);

it('all: every image of the services, each once, with or without a container', () => {
  expect(names(model, state, { scope: 'all' })).toEqual(['web:1', 'demo-own', 'idle:1']);
});

it('local: only what is built and has no name of its own', () => {
  expect(names(model, state, { scope: 'local' })).toEqual(['demo-own']);
});

it('only those of the named services', () => {
  expect(names(model, state, { scope: 'all', services: ['idle'] })).toEqual(['idle:1']);
});

it('without a model the containers tell', () => {
  expect(listNamedImages(undefined, state, { scope: 'all', services: ['web'] })).toEqual([
    { image: 'web:1', id: 'id-of-web:1' },
  ]);
});
