#!/usr/bin/env bash
# Fetches every page of the product catalogue:  fetch_catalogue.sh FOLDER
#
# In FOLDER: `start`, the address of the first page; `former/`, the pages of the last time. The script leaves there
# page-0001.json, page-0002.json, … each with its address (.url) and its ETag (.etag); a page that the server calls unchanged
# is the former one. Where it cannot, it leaves `problem`: the kind of failure, and one sentence.
#
# From the environment: CATALOGUE_PYTHON, CATALOGUE_CREDENTIALS (a line of a curl configuration, or nothing), the limits
# below, and what next_page.py reads. curl gets addresses and credentials through its standard input: what stands in its
# arguments, everybody on this machine can read. Works with curl 7.68 and bash 3.2, and so without --fail-with-body (7.76),
# which would not tell a refused login from a server that is unwell anyway.
set -euo pipefail

folder=$1
credentials=${CATALOGUE_CREDENTIALS:-}
unset CATALOGUE_CREDENTIALS # no program that is started from here needs it in its environment
scripts=$(dirname "$0")
most_bytes=${CATALOGUE_MOST_BYTES:-52428800}
page_seconds=${CATALOGUE_PAGE_SECONDS:-300}
retries=${CATALOGUE_RETRIES:-4}

fail() { # kind, sentence
    printf '%s\n%s\n' "$1" "$2" >"$folder/problem"
    printf '%s\n' "$2" >&2
    exit 1
}

# Writes the next page's address and request, where there is a next page.
follow() { # number of the page at hand; 0 for the start
    "$CATALOGUE_PYTHON" -I "$scripts/next_page.py" "$folder" "$1" || {
        [ -s "$folder/problem" ] || fail error "next_page.py ended without saying why"
        exit 1
    }
}

# Prints the HTTP status. The pauses between tries double; 4xx are not tried again but for 408 and 429, nor are certificates
# that are not trusted. --max-filesize goes by what the server announces, the shell's own limit by what it sends.
ask() { # page
    { cat "$1.request" && printf '%s\n' "$credentials"; } | (
        ulimit -f $((most_bytes / 1024))
        exec curl -q --config - --silent --show-error --globoff --proto '=http,https' --header 'Accept: application/json' \
            --connect-timeout 20 --max-time "$page_seconds" --speed-limit 100 --speed-time 60 \
            --max-filesize "$most_bytes" --retry "$retries" --retry-connrefused --retry-max-time "$page_seconds" \
            --dump-header "$1.head" --output "$1.part" --write-out '%{http_code}'
    )
}

command -v curl >/dev/null || fail configuration "curl is not installed on this worker"

number=0
follow "$number"
while number=$((number + 1)) && page=$(printf '%s/page-%04d' "$folder" "$number") && [ -s "$page.request" ]; do
    what="GET page $number"
    rm -f "$page.head" "$page.part"
    status=$(ask "$page") && code=0 || code=$?
    case $code in
        0) ;;
        6) fail transient "$what failed: the name of its host cannot be resolved (DNS): is the host right?" ;;
        7) fail transient "$what failed: nothing answers: does the server run, are host and port right?" ;;
        28) fail transient "$what failed: the server does not answer in time" ;;
        35 | 51 | 58 | 60 | 77) fail contract "$what failed: no trusted TLS connection came about (curl: $code)" ;;
        23 | 63 | 153) fail contract "$what failed: the page is larger than $most_bytes bytes, or the disk is full" ;;
        *) fail transient "$what failed: the connection broke (curl: $code)" ;;
    esac
    case $status in
        200) mv "$page.part" "$page.json" ;;
        304) # asked conditionally, or the server is wrong
            [ -s "$folder/former/${page##*/}.json" ] || fail contract "$what answered 304 to a request without condition"
            cp "$folder/former/${page##*/}.json" "$page.json"
            : >"$page.unchanged"
            ;;
        401 | 403) fail credentials "$what answered $status: check login, password and permissions of the connection" ;;
        429) fail limited "$what answered 429: too many requests" ;;
        3??) fail contract "$what answered $status, and redirects are not followed: let the connection name the address itself" ;;
        408 | 425 | 5??) fail transient "$what answered $status: the server is unwell" ;;
        *) fail contract "$what answered $status: check the host of the connection, which may hold the path too" ;;
    esac
    follow "$number"
done
printf '%d pages, %d of them unchanged\n' $((number - 1)) "$(find "$folder" -name 'page-*.unchanged' | wc -l)"
