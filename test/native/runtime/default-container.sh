# What a container is given without asking: run inside, by tcompose and by Docker alike. Sections begin with "== ".
echo "== credentials"
id
umask
grep -E '^(Cap|NoNewPrivs|Seccomp:|SigIgn|SigBlk|Groups)' /proc/self/status
echo "== namespaces"
for type in cgroup ipc mnt net pid uts user; do echo "$type $(readlink /proc/self/ns/$type)"; done
echo "== mounts"
awk '$5 !~ "^/etc/|^/$|^/sys/fs/cgroup/" { for (i = 7; $i != "-"; i++); print $5, $6, $(i + 1) }' /proc/self/mountinfo | sort
echo "== devices"
for path in $(find /dev | sort); do
  case $path in /dev/pts/[0-9]*) continue ;; esac
  echo "$path $(stat -c '%A %u:%g %t:%T' $path) $(readlink $path)"
done
echo "== device rules"
[ -e /sys/fs/cgroup/devices ] && sort /sys/fs/cgroup/devices/devices.list
echo "== parameters"
for name in net/ipv4/ping_group_range net/ipv4/ip_unprivileged_port_start; do
  echo "$name $(cat /proc/sys/$name | tr '\t' ' ')"
done
echo "oom_score_adj $(cat /proc/self/oom_score_adj)"
awk '{ print "priority", $18, "nice", $19, "terminal", $7 }' /proc/1/stat
for name in coredump_filter personality timerslack_ns; do echo "$name $(cat /proc/self/$name)"; done
echo "== files"
ls -A / /etc
for path in /etc/*; do
  case $path in */hosts | */resolv.conf | */hostname | */mtab) echo "$path $(stat -c '%A %u:%g' $path) $(readlink $path)" ;; esac
done
echo "== environment"
env | sed 's/^HOSTNAME=.*/HOSTNAME=/' | sort
pwd
echo "== refused"
for path in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/uevent_helper; do
  (echo > $path) 2>/dev/null && echo "$path can be written"
done
for path in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug; do
  [ "$(head -c1 $path 2>/dev/null | wc -c)" = 0 ] || echo "$path can be read"
done
