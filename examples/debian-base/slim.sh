#!/bin/sh
# What the well-known image has that a plain Debian has not. mmdebstrap calls it with the tree that it has made.
set -eu
cd "$1"

# Copied from this machine; a container is given its own.
rm -f etc/resolv.conf etc/hostname

# A package that is being installed must not start its service.
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d
chmod 755 usr/sbin/policy-rc.d

# No manuals and no translations, of packages to come neither.
cat >etc/dpkg/dpkg.cfg.d/slim <<EOF
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
EOF
for directory in man info locale; do
  find "usr/share/$directory" -mindepth 1 -delete
done
find usr/share/doc -mindepth 1 ! -type d ! -name copyright -delete
find usr/share/doc -mindepth 1 -type d -empty -delete
