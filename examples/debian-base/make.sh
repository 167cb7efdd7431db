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
tcompose=${TCOMPOSE:-$(dirname "$0")/../../bin/tcompose}
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
  # As in the well-known image: no manuals, no translations, no synchronous writes for what is thrown away on failure.
  --dpkgopt=force-unsafe-io
  --dpkgopt='path-exclude=/usr/share/man/*'
  --dpkgopt='path-exclude=/usr/share/info/*'
  --dpkgopt='path-exclude=/usr/share/locale/*'
  --dpkgopt='path-exclude=/usr/share/doc/*'
  --dpkgopt='path-include=/usr/share/doc/*/copyright'
  --aptopt='Acquire::Languages "none"'
  # Copied from this machine into the tree; a container is given its own.
  --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"'
)

# What this machine's apt must be told to reach its packages, a container's must be told too.
for option in Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until Acquire::Check-Date; do
  value=
  eval "$(apt-config shell value "$option")"
  [ -z "$value" ] || options+=("--aptopt=$option \"$value\"")
done

# The same packages make the same image, and what was built on it stays known.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

mmdebstrap "${options[@]}" "$suite" "$scratch/base.tar" \
  "deb $mirror/debian $suite main" \
  "deb $mirror/debian $suite-updates main" \
  "deb $mirror/debian-security $suite-security main"

"$tcompose" image import --change 'CMD ["bash"]' --message "Debian $suite by mmdebstrap" "$scratch/base.tar" "$name"
