// Paths of /proc and /sys that a container must not read or write. Source: moby, daemon/pkg/oci/defaults.go, with its
// later additions against side channels (GHSA-6fw5-f8r9-fgfm, GHSA-jq35-85cj-fj4p).

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

export const READONLY_PATHS = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
] as const;

/** `cpus`: numbers of the host's processors. */
export function maskedPaths(cpus: readonly number[]): readonly string[] {
  return [...MASKED, ...cpus.map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`)];
}
