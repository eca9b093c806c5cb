#!/bin/sh
# First command of every container: secrets from files into the environment (NAME_FILE gives NAME), the instance's
# configuration into its folder, then the command itself.
set -eu
for name in ECONEX_PG_PASSWORD ECONEX_REDIS_URL ECONEX_SMTP_PASSWORD ECONEX_WEBHOOK_URL \
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
  file=$(printenv "${name}_FILE" || true)
  if [ -n "$file" ]; then
    value=$(cat "$file")
    export "$name=$value"
  fi
done
python -m econex_pipeline.orchestration.home
exec "$@"
