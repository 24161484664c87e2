#!/usr/bin/env bash
# Fetch files from the partner's FTP server into the current folder and verify them:  fetch_partner_files.sh FILE…
#
# Each FILE has a FILE.sha256 on the server: a SHA-256 checksum in hexadecimal digits, alone or as sha256sum writes it.
# Environment: FTP_URL (the folder on the server, with a trailing slash) and FTP_OPTIONS (lines of a curl configuration:
# TLS, login). curl reads both from standard input, because every user of the machine can see command-line arguments.
# The exit code is curl's, or 100 for a file that does not match its checksum.
set -euo pipefail
options=$FTP_OPTIONS
unset FTP_OPTIONS CUSTOMER_HASH_KEY ${!AIRFLOW_@} # no child process needs these
ulimit -f 51200                                   # KiB of one file, also where the server announces no size
command -v sha256sum >/dev/null || sha256sum() { shasum --algorithm 256 "$@"; } # of macOS

fetch() {
    echo "fetching $1"
    printf '%s\n' "$options" "url = \"$FTP_URL$1\"" "output = \"$1\"" |
        curl -q --config - --silent --show-error --globoff --proto '=ftp' --ftp-skip-pasv-ip \
            --connect-timeout 20 --max-time "${FTP_SECONDS:-600}" --retry 2
    touch "$1" # some versions of curl write no empty file
}

for name in "$@"; do
    fetch "$name"
    fetch "$name.sha256" # after the file: a newer checksum does not match an older file
    # Of the first kilobyte: bash takes an hour to trim a word of some megabytes.
    read -r -N 1024 beginning <"$name.sha256" || true
    read -r checksum _ <<<"$beginning"
    checksum=${checksum#$'\xef\xbb\xbf'} # a byte order mark
    printf '%s  %s\n' "${checksum%$'\r'}" "$name" >"$name.sha256"
    sha256sum --check "$name.sha256" || exit 100
done
