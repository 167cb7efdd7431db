// runtime-config.json: config.json as another runtime gets it. What tcrun takes by descriptor has a path in the stage
// (runtime/tcrun/stage.h); what only tcrun knows is said in words that all know.

import type { ContainerInput } from './container-input.ts';
import type { OciConfig, OciMount } from './oci-config.ts';
import { type OciRuntime, traitsOf } from './oci-runtime.ts';

/** What it says needs none that is newer, and crun of 2023 knows none. */
const OCI_VERSION = '1.0.2';
/** Below /dev, which is a tmpfs: no trace of it is in the layer of the container. */
const INIT = '/dev/.tcompose-init';

export interface ForeignInput extends Pick<ContainerInput, 'secrets' | 'paths'> {
  readonly runtime: OciRuntime;
  /** Its pid 1 is tcrun. */
  readonly hasInit: boolean;
}

export function computeForeignConfig(config: OciConfig, input: ForeignInput): OciConfig {
  const { domainname, ...rest } = config;
  const { paths, secrets = [], runtime, hasInit } = input;
  return {
    ...rest,
    ociVersion: OCI_VERSION,
    ...(hasInit && {
      process: {
        ...config.process,
        args: [INIT, 'init', ...config.process.args.slice(0, 1), ...config.process.args],
      },
    }),
    mounts: [
      ...config.mounts.map((mount, index) => placeMount(mount, `${paths.runDir}/sources/${index}`)),
      ...secrets.map(({ target }, index) => bindReadOnly(`${paths.runDir}/secrets/${index}`, target)),
      ...(hasInit ? [bindReadOnly(`${paths.runDir}/init`, INIT)] : []),
    ],
    linux: {
      ...config.linux,
      namespaces: config.linux.namespaces.map((space) =>
        space.type === 'network' ? { ...space, path: `${paths.runDir}/netns` } : space,
      ),
      resources: chooseResources(config, runtime),
      // The member is younger than runtimes that are in use (1.1 of the specification), and they ignore it.
      ...(domainname !== undefined && {
        sysctl: { ...config.linux.sysctl, 'kernel.domainname': domainname },
      }),
    },
  };
}

/** The monitor has written the limits; whoever runs a kernel of its own must know how large that may be. */
function chooseResources({ linux }: OciConfig, runtime: OciRuntime): OciConfig['linux']['resources'] {
  return traitsOf(runtime).isOpaque ? linux.resources : { devices: linux.resources?.['devices'] };
}

/** Of the mounts below, too. In the stage they are in force; crun fails at them on a file, others do not know them. */
const RECURSIVE: Readonly<Record<string, string>> = {
  rro: 'ro',
  rnosuid: 'nosuid',
  rnodev: 'nodev',
  rnoexec: 'noexec',
};

/** The monitor found the source, and the part of it that is meant, before the runtime looks. */
function placeMount(mount: OciMount, source: string): OciMount {
  const { type } = mount;
  if (type !== 'bind' && type !== 'overlay') return mount;
  const options = mount.options
    .filter((each) => !/^(subpath|lowerdir\+)=/.test(each))
    .map((each) => RECURSIVE[each] ?? each);
  return {
    ...mount,
    type: 'bind',
    source,
    options: type === 'bind' ? options : ['bind', 'rprivate', ...options],
  };
}

function bindReadOnly(source: string, destination: string): OciMount {
  return { destination, type: 'bind', source, options: ['bind', 'rprivate', 'ro'] };
}
