#!/bin/bash
# Makes the database on the first start, then becomes the server. Honours POSTGRES_USER, POSTGRES_PASSWORD[_FILE],
# POSTGRES_DB, POSTGRES_INITDB_ARGS, PGDATA and the scripts in /docker-entrypoint-initdb.d.
set -euo pipefail

if [ "${1:-}" = "" ] || [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$BASH_SOURCE" "$@"
fi

initialize() {
  local user=${POSTGRES_USER:-postgres} password=${POSTGRES_PASSWORD:-}
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(<"$POSTGRES_PASSWORD_FILE")
  if [ -z "$password" ]; then
    echo "set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE: the database would be open to everyone" >&2
    exit 1
  fi
  # shellcheck disable=SC2086
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") --auth-local=trust \
    --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"

  # Nobody else can reach it while it is half made.
  pg_ctl -w -o "-c listen_addresses=''" start
  local database=${POSTGRES_DB:-$user} script
  [ "$database" = postgres ] || createdb -U "$user" "$database"
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$script" ;;
      *.sh) PGUSER=$user PGDATABASE=$database bash "$script" ;;
    esac
  done
  pg_ctl -w -m fast stop
}

[ -s "$PGDATA/PG_VERSION" ] || initialize
exec "$@"
