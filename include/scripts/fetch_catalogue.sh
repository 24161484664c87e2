#!/usr/bin/env bash
# Fetch the first page of the product catalogue into the current folder as page-0001.json.
#
# Environment: CATALOGUE_OPTIONS (lines of a curl configuration: URL, login). curl reads them from standard input, because
# every user of the machine can see command-line arguments. The exit code is curl's, or 67 for a refused login.
set -euo pipefail
options=$CATALOGUE_OPTIONS
unset CATALOGUE_OPTIONS CUSTOMER_HASH_KEY ${!AIRFLOW_@} # no child process needs these
ulimit -f 51200                                         # KiB of the page, also where the server announces no size

echo "fetching the first page"
status=$(printf '%s\n' "$options" |
    curl -q --config - --silent --show-error --globoff --proto '=http,https' --header 'Accept: application/json' \
        --connect-timeout 20 --max-time 300 --output page-0001.json --write-out '%{http_code}')
echo "the server answered $status"
case $status in
    200) ;;
    401 | 403) exit 67 ;;
    408 | 425 | 429 | 5??) exit 28 ;;
    *) exit 22 ;;
esac
