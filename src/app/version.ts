// Which tcompose this is. The build puts package.json's version in place of the constant.

declare const TCOMPOSE_VERSION: string | undefined;

export interface VersionInfo {
  readonly version: string;
}

export function version(): VersionInfo {
  return { version: typeof TCOMPOSE_VERSION === 'string' ? TCOMPOSE_VERSION : '0.0.0-source' };
}
