// What a service asks of its interface in one network: `networks.*.driver_opts`, in Docker's names. Pure. Source:
// docker/cli, network connect, --driver-opt.

import type { StringMap } from '../project/model.ts';

export const ENDPOINT_SYSCTLS = 'com.docker.network.endpoint.sysctls';

/** `net.ipv4.conf.IFNAME.log_martians=1`: of this interface alone, whatever it is called in the container. */
const SETTING = /^net\.(ipv4|ipv6|mpls)\.(conf|neigh|input)\.IFNAME\.([a-z0-9_]+)=([^,\s]+)$/;

/** Settings of the option that cannot be understood. */
export function findWrongSysctls(text: string): string[] {
  return splitSettings(text).filter((setting) => !SETTING.test(setting));
}

/** File below /proc/sys -> value. */
export function parseEndpointSysctls(
  options: StringMap | undefined,
  interfaceName: string,
): Record<string, string> {
  const settings = splitSettings(options?.[ENDPOINT_SYSCTLS] ?? '').map((text) => SETTING.exec(text));
  return Object.fromEntries(
    settings.flatMap((match) => {
      const [, family, group, name, value = ''] = match ?? [];
      return family === undefined ? [] : [[`net/${family}/${group}/${interfaceName}/${name}`, value]];
    }),
  );
}

function splitSettings(text: string): string[] {
  return text.split(',').filter((setting) => setting !== '');
}
