#!/bin/bash
# Fills an empty volume with a database as the MYSQL_* variables say, then becomes the server.
set -euo pipefail
shopt -s nullglob

readonly data=/var/lib/mysql
readonly socket=/run/mysqld/mysqld.sock
# Made here, and moved up when whole, `mysql` last: an interrupted initialization begins anew, and nothing else is touched.
readonly new=$data/.initializing

note() { echo "[entrypoint] $*"; }
fail() {
  note "error: $*" >&2
  exit 1
}

# NAME from the environment, or from the file that NAME_FILE names: that is how secrets arrive.
take() {
  local name=$1 file=${1}_FILE
  if [ -n "${!name-}" ] && [ -n "${!file-}" ]; then fail "both $name and $file are set"; fi
  if [ -n "${!file-}" ]; then
    [ -r "${!file}" ] || fail "$file: cannot read ${!file}"
    printf -v "$name" %s "$(<"${!file}")"
  else
    printf -v "$name" %s "${!name-}"
  fi
}

# A string and a name of SQL.
string() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\'\'}"
}
name() { printf '`%s`' "${1//\`/\`\`}"; }

check() {
  if [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
    fail "the volume is empty: set MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD"
  fi
  if [ "$MYSQL_USER" = root ]; then fail "MYSQL_USER is for a user beside root: set MYSQL_ROOT_PASSWORD instead"; fi
  if [ -n "$MYSQL_USER" ] && [ -z "$MYSQL_PASSWORD" ]; then fail "MYSQL_USER needs MYSQL_PASSWORD"; fi
}

# The server without a network, for the time of the initialization.
start_temporary() {
  "$@" --datadir="$new" --skip-networking --socket="$socket" &
  server=$!
  until mariadb-admin --no-defaults --socket="$socket" -uroot ping >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || fail "the server ended while it was being set up"
    sleep 0.1
  done
}

# Runs SQL from standard input as root. By this name the files in /docker-entrypoint-initdb.d know it.
docker_process_sql() {
  local text=${password//\\/\\\\}
  local arguments=(--protocol=socket --socket="$socket" -uroot --comments)
  [ -z "$MYSQL_DATABASE" ] || arguments+=(--database="$MYSQL_DATABASE")
  # The password travels in a file that only the client reads.
  mariadb --defaults-extra-file=<(printf '[client]\npassword="%s"\n' "${text//\"/\\\"}") "${arguments[@]}" "$@"
}

print_users() {
  local root
  # The server made a few without a password, for this host by other names.
  echo "DELETE FROM global_priv WHERE user = '' OR (user = 'root' AND host <> 'localhost');"
  echo "FLUSH PRIVILEGES;"
  root="IDENTIFIED BY $(string "$MYSQL_ROOT_PASSWORD")"
  if [ "$MYSQL_ROOT_HOST" != localhost ]; then
    echo "CREATE USER root@$(string "$MYSQL_ROOT_HOST") $root;"
    echo "GRANT ALL ON *.* TO root@$(string "$MYSQL_ROOT_HOST") WITH GRANT OPTION;"
  fi
  if [ -n "$MYSQL_DATABASE" ]; then echo "CREATE DATABASE $(name "$MYSQL_DATABASE");"; fi
  if [ -n "$MYSQL_USER" ]; then
    echo "CREATE USER $(string "$MYSQL_USER")@'%' IDENTIFIED BY $(string "$MYSQL_PASSWORD");"
  fi
  if [ -n "$MYSQL_USER" ] && [ -n "$MYSQL_DATABASE" ]; then
    # In a grant _ stands for any letter.
    echo "GRANT ALL ON $(name "${MYSQL_DATABASE//_/\\_}").* TO $(string "$MYSQL_USER")@'%';"
  fi
  echo "ALTER USER root@localhost $root;"
}

# What the image's user has put there, in the order of the names.
run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    note "running $file"
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) docker_process_sql <"$file" ;;
      *.sql.gz) gunzip -c "$file" | docker_process_sql ;;
      *.sql.xz) xz -dc "$file" | docker_process_sql ;;
      *) note "ignoring $file" ;;
    esac
  done
}

initialize() {
  note "initializing the database"
  rm -rf "$new"
  mariadb-install-db --datadir="$new" --auth-root-authentication-method=normal \
    --skip-name-resolve --skip-test-db >/dev/null
  start_temporary "$@"
  if [ -z "${MYSQL_INITDB_SKIP_TZINFO-}" ]; then
    mariadb-tzinfo-to-sql /usr/share/zoneinfo 2>/dev/null | docker_process_sql --database=mysql
  fi
  if [ -n "$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
    MYSQL_ROOT_PASSWORD=$(openssl rand -base64 24)
    note "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
  fi
  print_users | docker_process_sql --database=mysql
  password=$MYSQL_ROOT_PASSWORD
  run_init_files
  kill "$server"
  wait "$server"
  find "$new" -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -t "$data" {} +
  mv "$new/mysql" "$data/mysql"
  rmdir "$new"
  note "initialized"
}

case ${1-} in '' | -*) set -- mysqld "$@" ;; esac
if [ "$1" != mysqld ] && [ "$1" != mariadbd ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  install -d -o mysql -g mysql -m 755 "$(dirname "$socket")"
  find "$data" "$(dirname "$socket")" ! -user mysql -exec chown -h mysql {} +
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

if [ ! -e "$data/mysql" ]; then
  for variable in MYSQL_{ROOT_PASSWORD,ROOT_HOST,DATABASE,USER,PASSWORD,ALLOW_EMPTY_PASSWORD,RANDOM_ROOT_PASSWORD}; do
    take "$variable"
  done
  MYSQL_ROOT_HOST=${MYSQL_ROOT_HOST:-%}
  password=
  check
  # As process 1, without this, it would not hear it.
  trap 'exit 143' TERM
  initialize "$@"
  trap - TERM
fi
exec "$@"
