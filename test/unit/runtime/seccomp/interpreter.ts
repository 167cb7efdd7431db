// Runs a classic BPF program as the kernel does (Documentation/networking/filter.rst), for seccomp's subset.

export interface SyscallData {
  readonly number: number;
  /** AUDIT_ARCH_* */
  readonly architecture: number;
  readonly arguments?: readonly bigint[];
}

export interface Verdict {
  readonly action: 'allow' | 'errno' | 'kill' | 'kill-process' | 'trap' | 'trace' | 'log';
  /** Of `errno` and `trace`. */
  readonly errno: number;
  /** Instructions that were executed. */
  readonly steps: number;
}

export function interpret(program: Uint8Array, data: SyscallData): Verdict {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const memory = layOut(data);
  let accumulator = 0;
  let at = 0;
  for (let steps = 1; ; steps++) {
    const opcode = code.getUint16(at * 8, true);
    const jt = code.getUint8(at * 8 + 2);
    const jf = code.getUint8(at * 8 + 3);
    const k = code.getUint32(at * 8 + 4, true);
    at += 1;
    const jump = (holds: boolean) => {
      at += holds ? jt : jf;
    };
    switch (opcode) {
      case 0x20:
        accumulator = memory.getUint32(k, true);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        jump(accumulator === k);
        break;
      case 0x25:
        jump(accumulator > k);
        break;
      case 0x35:
        jump(accumulator >= k);
        break;
      case 0x06:
        return parseAction(k, steps);
      default:
        throw new Error(`opcode ${opcode.toString(16)} at ${at - 1}`);
    }
  }
}

/** struct seccomp_data */
function layOut({ number, architecture, arguments: values = [] }: SyscallData): DataView {
  const memory = new DataView(new ArrayBuffer(64));
  memory.setUint32(0, number, true);
  memory.setUint32(4, architecture, true);
  for (const [index, value] of values.entries()) memory.setBigUint64(16 + 8 * index, value, true);
  return memory;
}

const ACTIONS = new Map<number, Verdict['action']>([
  [0x7fff, 'allow'],
  [0x7ffc, 'log'],
  [0x7ff0, 'trace'],
  [0x0005, 'errno'],
  [0x0003, 'trap'],
  [0x0000, 'kill'],
  [0x8000, 'kill-process'],
]);

function parseAction(k: number, steps: number): Verdict {
  const action = ACTIONS.get(k >>> 16);
  if (!action) throw new Error(`action ${k.toString(16)}`);
  return { action, errno: k & 0xffff, steps };
}
