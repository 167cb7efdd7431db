#!/bin/bash
# Fills an empty volume with WordPress and its configuration, then becomes what the container is to run.
set -euo pipefail

readonly source=/usr/src/wordpress
readonly container=/usr/src/wordpress-container

note() { echo "[entrypoint] $*" >&2; }

# What root made belongs to who serves it.
own() { if [ "$(id -u)" = 0 ] && [ "$(stat -c %u "$1")" = 0 ]; then chown www-data:www-data "$1"; fi; }

copy_wordpress() {
  note "copying WordPress to $PWD"
  own .
  # Whole files appear at once, as links, and nothing that is there is touched: a theme, a plugin, half of an earlier copy.
  # index.php comes last and says that all is there.
  rm -rf .new
  cp -a "$source" .new
  cp -p "$container/htaccess" .new/.htaccess
  mv .new/index.php .new.php
  cp -aln .new/. .
  mv .new.php index.php
  rm -rf .new
}

write_configuration() {
  local line phrase
  while IFS= read -r line; do
    phrase=$(head -c 48 /dev/urandom | base64 -w 0)
    printf '%s\n' "${line//unique phrase\'/$phrase\'}"
  done <"$container/wp-config.php" >.wp-config.php
  own .wp-config.php
  chmod 640 .wp-config.php
  mv .wp-config.php wp-config.php
}

if [[ ${1-} == apache2* ]]; then
  # Replicas share the volume and start at once: one of them does it, the others wait.
  exec {lock}<.
  flock "$lock"
  if [ ! -e index.php ]; then copy_wordpress; fi
  if [ ! -s wp-config.php ] && [ -n "${!WORDPRESS_*}" ]; then write_configuration; fi
  exec {lock}<&-
fi
exec "$@"
