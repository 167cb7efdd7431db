#!/usr/bin/env bash
# Makes the image debian:bookworm-slim out of Debian's packages and puts it into tcompose's store, so that the examples
# can be built where no registry is within reach. Needs root and mmdebstrap (apt-get install mmdebstrap).
#
#   examples/debian-base/make.sh [NAME[:TAG]]
#
#   TCOMPOSE        the tcompose that imports it; default: this repository's
#   TCOMPOSE_ROOT   its instance, as ever
#   DEBIAN_MIRROR   where the packages come from; default: http://deb.debian.org
set -euo pipefail

name=${1:-debian:bookworm-slim}
here=$(dirname "$(readlink -f "$0")")
tcompose=${TCOMPOSE:-$here/../../bin/tcompose}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org}
suite=bookworm

command -v mmdebstrap >/dev/null || {
  echo "mmdebstrap is not installed. On Debian: apt-get install mmdebstrap" >&2
  exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

options=(
  --variant=minbase
  --mode=root
  # Nothing here outlives a failure, so nothing has to reach the disk at once.
  --dpkgopt=force-unsafe-io
  --aptopt='Acquire::Languages "none"'
  --customize-hook="$here/slim.sh"
)

# What this machine's apt must be told to reach its packages, a container's must be told too.
for option in Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until Acquire::Check-Date; do
  value=
  eval "$(apt-config shell value "$option")"
  [ -z "$value" ] || options+=("--aptopt=$option \"$value\"")
done

# The same packages make the same image, and what was built on it stays known.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

# In a mount namespace of its own: killed, it leaves no mount behind.
unshare --mount mmdebstrap "${options[@]}" "$suite" "$scratch/base.tar" \
  "deb $mirror/debian $suite main" \
  "deb $mirror/debian $suite-updates main" \
  "deb $mirror/debian-security $suite-security main"

"$tcompose" image import --change 'CMD ["bash"]' --message "Debian $suite by mmdebstrap" "$scratch/base.tar" "$name"
