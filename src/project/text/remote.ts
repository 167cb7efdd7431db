// Which file names mean something that is not on this machine.

/** `https://host/x.git#ref:dir`, `git@host:x.git`, `oci://host/x`. */
export function isRemote(name: string): boolean {
  return /^(?:https?|ssh|git|oci):\/\/|^git@|^github\.com\//.test(name);
}
