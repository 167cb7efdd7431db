#!/bin/sh
# Makes the repositories that REPOSITORIES names and that are not there yet, then becomes the server.
set -eu
for name in ${REPOSITORIES:-}; do
  [ -d "/srv/git/$name.git" ] || git init -q --bare -b main "/srv/git/$name.git"
done
exec "$@"
