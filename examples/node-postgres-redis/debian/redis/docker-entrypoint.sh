#!/bin/sh
# `redis-server` and bare options start the server; anything else is a command of its own.
set -e
case ${1:-} in
  -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ]; then
  # The package answers clients of this very host only; here the project's network is the wall.
  set -- "$@" --protected-mode no
fi
exec "$@"
