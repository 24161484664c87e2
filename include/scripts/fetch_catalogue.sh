#!/usr/bin/env bash
# Fetches every page of the product catalogue:  fetch_catalogue.sh FOLDER
#
# FOLDER contains `start`, the URL of the first page. The script writes page-0001.json, page-0002.json, … each with its URL
# (.url). On failure it writes `problem`: the kind of failure and one sentence.
#
# Environment: CATALOGUE_PYTHON, CATALOGUE_CREDENTIALS (a line of a curl configuration, or empty), the limits below, and the
# variables of next_page.py. curl reads URLs and credentials from standard input, because all users of the machine can see
# command-line arguments. Works with curl 7.68 and bash 3.2, so it does not use --fail-with-body (7.76).
set -euo pipefail

folder=$1
credentials=${CATALOGUE_CREDENTIALS:-}
# No child process needs these.
unset CATALOGUE_CREDENTIALS CUSTOMER_HASH_KEY ${!AIRFLOW_@}
scripts=$(dirname "$0")
most_bytes=${CATALOGUE_MOST_BYTES:-52428800}
page_seconds=${CATALOGUE_PAGE_SECONDS:-300}
retries=${CATALOGUE_RETRIES:-4}

fail() { # kind, sentence
    printf '%s\n%s\n' "$1" "$2" >"$folder/problem"
    printf '%s\n' "$2" >&2
    exit 1
}

# Writes URL and request of the next page, if there is one.
follow() { # number of the current page; 0 for the start
    "$CATALOGUE_PYTHON" -I "$scripts/next_page.py" "$folder" "$1" || {
        [ -s "$folder/problem" ] || fail error "next_page.py failed without an error message"
        exit 1
    }
}

# Prints the HTTP status. Pauses between retries double; 4xx responses except 408 and 429, and untrusted certificates, are not
# retried. --max-filesize checks the announced size, ulimit the size that is sent.
ask() { # page
    { cat "$1.request" && printf '%s\n' "$credentials"; } | (
        ulimit -f $((most_bytes / 1024))
        exec curl -q --config - --silent --show-error --globoff --proto '=http,https' --header 'Accept: application/json' \
            --connect-timeout 20 --max-time "$page_seconds" --speed-limit 100 --speed-time 60 \
            --max-filesize "$most_bytes" --retry "$retries" --retry-connrefused --retry-max-time "$page_seconds" \
            --output "$1.part" --write-out '%{http_code}'
    )
}

command -v curl >/dev/null || fail configuration "curl is not installed on this worker"

number=0
follow "$number"
while number=$((number + 1)) && page=$(printf '%s/page-%04d' "$folder" "$number") && [ -s "$page.request" ]; do
    what="GET page $number"
    rm -f "$page.part"
    status=$(ask "$page") && code=0 || code=$?
    case $code in
        0) ;;
        6) fail transient "$what failed: the name of its host cannot be resolved (DNS): is the host right?" ;;
        7) fail transient "$what failed: nothing answers: does the server run, are host and port right?" ;;
        28) fail transient "$what failed: the server timed out" ;;
        35 | 51 | 58 | 60 | 77) fail contract "$what failed: no trusted TLS connection could be established (curl: $code)" ;;
        23 | 63 | 153) fail contract "$what failed: the page is larger than $most_bytes bytes, or the disk is full" ;;
        *) fail transient "$what failed: the connection broke (curl: $code)" ;;
    esac
    case $status in
        200) mv "$page.part" "$page.json" ;;
        401 | 403) fail credentials "$what answered $status: check login, password and permissions of the connection" ;;
        429) fail limited "$what answered 429: too many requests" ;;
        3??) fail contract "$what answered $status, and redirects are not followed: set the final address in the connection" ;;
        408 | 425 | 5??) fail transient "$what answered $status: the server is unavailable" ;;
        *) fail contract "$what answered $status: check the host of the connection, which may hold the path too" ;;
    esac
    follow "$number"
done
printf '%d pages\n' $((number - 1))
