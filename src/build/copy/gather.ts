// Few large pieces of many small ones. Whoever takes a piece of an archive hashes it, writes it and sends it: of many small
// files that is many times too often.

const room = 512 * 1024;

export async function* gather(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let gathered = Buffer.allocUnsafe(room);
  let size = 0;
  for await (const piece of pieces) {
    if (size + piece.length > room) {
      if (size > 0) yield gathered.subarray(0, size);
      gathered = Buffer.allocUnsafe(room);
      size = 0;
    }
    if (piece.length > room) yield piece;
    else {
      gathered.set(piece, size);
      size += piece.length;
    }
  }
  if (size > 0) yield gathered.subarray(0, size);
}
