// Runs a classic BPF program as the kernel does (Documentation/networking/filter.rst), for seccomp's subset.

export interface SyscallData {
  readonly number: number;
  /** AUDIT_ARCH_* */
  readonly architecture: number;
  readonly arguments?: readonly bigint[];
}

export interface Verdict {
  readonly action: 'allow' | 'errno';
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

function parseAction(k: number, steps: number): Verdict {
  if (k === 0x7fff0000) return { action: 'allow', errno: 0, steps };
  if (k >>> 16 === 5) return { action: 'errno', errno: k & 0xffff, steps };
  throw new Error(`action ${k.toString(16)}`);
}
