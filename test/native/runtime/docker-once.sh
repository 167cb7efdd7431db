# Runs one container under a Docker Engine that is there for it alone, in namespaces of its own: as the daemon of a host it
# is neither needed nor disturbed.
#   docker-once.sh ROOT DATA IMAGE SCRIPT
# ROOT has dockerd, containerd, runc and docker; DATA is an empty directory; IMAGE is a container's root; SCRIPT runs in it.
set -e
root=${1%/} data=$2 image=$3 script=$4
if [ -n "$root" ]; then
  mount --bind "$root" "$root"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
fi
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/mnt"
mkdir "$root/mnt/data"
mount --bind "$data" "$root/mnt/data"
inside() { chroot "$root/" "$@"; }
inside dockerd --data-root /mnt/data --storage-driver vfs --bridge=none --iptables=false --ip6tables=false --ip-masq=false \
  --ip-forward=false > "$root/mnt/log" 2>&1 &
until inside docker version > /dev/null 2>&1; do
  if ! kill -0 $!; then
    cat "$root/mnt/log" >&2
    exit 1
  fi
  sleep 0.2
done
tar -C "$image" -c . | inside docker import - plain > /dev/null
inside docker run --rm --network none plain sh -c "$script"
rmdir /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker 2> /dev/null || true
