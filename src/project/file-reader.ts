// The loader's only window on the world.

export interface FileReader {
  /** The text of a file; `-` is standard input. Throws the system's error (with `code`). */
  read(path: string): string;
  /** Whether a regular file is there. */
  exists(path: string): boolean;
  /** The path without symbolic links; the path itself if it does not exist. */
  realpath?(path: string): string;
  /**
   * The copy on this machine of what a remote reference names: a file or a directory. Undefined: it has to be fetched
   * first, and the load ends with RemoteNeeded. Throws TcError if it is not to be had.
   */
  fetch?(reference: string): string | undefined;
}
