#!/bin/busybox sh
# The guest's first process: this machine's files, read-only, below a layer in memory; then the tests in it.
# The kernel's command line says `tcompose=NODE|TREE|TEST|...`.
/bin/busybox --install -s /bin
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do
  insmod "/modules/$module" || echo "cannot load $module"
done < /modules/order

mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 host /lower || exec poweroff -f
mount -t tmpfs -o mode=755 tmpfs /writable
mkdir /writable/upper /writable/work
mount -t overlay -o lowerdir=/lower,upperdir=/writable/upper,workdir=/writable/work overlay /root || exec poweroff -f

words=$(sed 's/.*tcompose=\([^ ]*\).*/\1/; s/|/ /g' /proc/cmdline)
set -- $words
node=$1
tree=$2
shift 2

cd /root || exec poweroff -f
mkdir /tree
mount --bind "/root$tree" /tree
# What an overlay cannot be the upper layer for, and what belongs to the other kernel.
mkdir -p tmp run var/lib/tcompose
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=711 tmpfs var/lib/tcompose
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm dev/mqueue
# What udev makes: a kernel with TOMOYO looks a program that is executed by its descriptor up there.
ln -s /proc/self/fd dev/fd
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t mqueue mqueue dev/mqueue
mount -t cgroup2 cgroup2 sys/fs/cgroup
# A real file system for what the tests make: before Linux 6.3 a tmpfs cannot be mounted with other owners.
truncate -s 2147483648 /writable/disk
losetup /dev/loop0 /writable/disk
chroot . /sbin/mkfs.ext4 -q -O ^has_journal /dev/loop0 && mount -t ext4 /dev/loop0 tmp || mount -t tmpfs tmpfs tmp
chmod 1777 tmp
ip link set lo up
hostname vm

# The tree may be below what was just covered.
mkdir -p "/root$tree"
mount --bind /tree "/root$tree"
echo "Linux $(uname -r), cgroup controllers: $(cat sys/fs/cgroup/cgroup.controllers)"
# As an initramfs does it: what is mounted becomes the root, also to those who enter a mount namespace.
exec switch_root /root /bin/sh -c '
  node=$1 tree=$2
  shift 2
  export PATH="${node%/*}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root TERM=dumb NO_COLOR=1 CI=1 TCOMPOSE_TEST_TIMEOUT=600000
  cd "$tree" || exit 1
  code=0
  # One at a time: a second worker may take longer to start here than vitest waits for it.
  for test in "$@"; do
    "$node" node_modules/vitest/vitest.mjs run --project host --no-color "$test" || code=1
  done
  sync
  echo "tcompose-vm-exit $code"
  sleep 1
  echo o > /proc/sysrq-trigger
  sleep 60
' vm "$node" "$tree" "$@"
