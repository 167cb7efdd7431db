// The client side of a monitor's control socket, as docs/runtime-protocol.md describes it.

import { loadNative } from '../../../src/runtime/native.ts';

const native = loadNative();

export interface Reply {
  // biome-ignore lint/suspicious/noExplicitAny: messages are looked at, not typed
  readonly message: any;
  readonly fds: number[];
}

export class Control {
  readonly #socket: number;

  constructor(path: string | number) {
    this.#socket = typeof path === 'number' ? path : native.connectUnix(path);
  }

  /** Takes over a connected socket. */
  static of(socket: number): Control {
    return new Control(socket);
  }

  send(message: object, fds: readonly number[] = []): void {
    native.sendDescriptors(this.#socket, Buffer.from(`${JSON.stringify({ v: 1, ...message })}\n`), fds);
  }

  sendRaw(bytes: Uint8Array): void {
    native.sendDescriptors(this.#socket, bytes, []);
  }

  async receive(): Promise<Reply> {
    const { line, fds } = await native.receiveDescriptors(this.#socket);
    if (line === '') throw new Error('the monitor closed the connection');
    return { message: JSON.parse(line), fds };
  }

  async request(message: object, fds: readonly number[] = []): Promise<Reply> {
    this.send(message, fds);
    return this.receive();
  }

  // biome-ignore lint/suspicious/noExplicitAny: messages are looked at, not typed
  async next(): Promise<any> {
    return (await this.receive()).message;
  }

  close(): void {
    native.close(this.#socket);
  }
}
