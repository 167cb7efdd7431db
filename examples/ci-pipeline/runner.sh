#!/bin/sh
# The builder, on the host, where tcompose is: a container that could build and deploy would have to have the host.
# Follows what the Git server says of pushes; builds what branch main has come to, pushes the image, deploys it. A commit
# that cannot be built is reported, and what runs goes on. Ends with the Git server.
set -eu
cd "$(dirname "$0")"
# Two words, if need be: docker compose.
tcompose=${TCOMPOSE:-tcompose}
repository=http://127.0.0.1:8090/app.git
deployed=

deploy() {
  COMMIT=$(git ls-remote "$repository" refs/heads/main | cut -f 1)
  [ -n "$COMMIT" ] && [ "$COMMIT" != "$deployed" ] || return 0
  export COMMIT
  echo "building $COMMIT"
  if $tcompose build --push app && $tcompose up -d --wait --no-build --no-deps app; then
    deployed=$COMMIT
    echo "deployed $COMMIT"
  else
    echo "failed $COMMIT"
  fi
}

# What the log says is only that there is something to look at: pushes that nobody waited for, and those of the past,
# come to one look.
{
  echo "pushed before"
  $tcompose logs --follow --no-log-prefix git 2>&1
} | while read -r word _; do
  if [ "$word" = pushed ]; then deploy < /dev/null; fi
done
