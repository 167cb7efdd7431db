import { describe, expect, it } from 'vitest';
import { parseStartAnswer } from '../../../src/runtime/start-answer.ts';

describe('parseStartAnswer', () => {
  it('reads who was started, and ignores what it does not know', () => {
    expect(parseStartAnswer('{"v":1,"started":{"monitorPid":812,"pid":815,"more":1},"x":2}')).toEqual({
      monitorPid: 812,
      pid: 815,
      warnings: [],
    });
    const warned = '{"v":1,"started":{"monitorPid":812,"pid":815,"warnings":["pids: 5 refused"]}}';
    expect(parseStartAnswer(warned).warnings).toEqual(['pids: 5 refused']);
  });

  it('throws why it was not', () => {
    const packet =
      '{"v":1,"failed":{"step":"mount","syscall":"move_mount","errno":"ENOENT","path":"/x","message":"m","exitCode":125}}';
    expect(() => parseStartAnswer(packet)).toThrowError(
      expect.objectContaining({
        name: 'StartError',
        step: 'mount',
        errno: 'ENOENT',
        path: '/x',
        message: 'm',
      }),
    );
  });

  it('takes silence for a killed monitor', () => {
    expect(() => parseStartAnswer('')).toThrowError(
      expect.objectContaining({ step: 'monitor', exitCode: 125 }),
    );
  });

  it.each(['{', '{}', '{"v":2,"started":{"monitorPid":1,"pid":2}}'])('takes %j for a defect', (packet) => {
    expect(() => parseStartAnswer(packet)).toThrowError(expect.objectContaining({ code: 'internal' }));
  });
});
