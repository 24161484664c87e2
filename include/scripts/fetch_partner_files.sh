#!/usr/bin/env bash
# Fetches the partner's files by FTP:  fetch_partner_files.sh FOLDER
#
# Each file has a `.sha256` file on the server. The script writes only files with a matching checksum to FOLDER, each with its
# checksum in the format of `sha256sum --check`. On failure it writes `problem`: the kind of failure and one sentence.
#
# Environment: PARTNER_FTP_URL (the folder on the server, with a trailing slash), PARTNER_FTP_FILES (names, separated by blanks),
# PARTNER_FTP_OPTIONS (lines of a curl configuration: TLS, login, password) and the limits below. curl reads URLs and credentials
# from standard input, because all users of the machine can see command-line arguments. Works with curl 7.68 and bash 3.2. The
# script counts its own attempts, because curl's --retry discards partial downloads.
set -euo pipefail

folder=$1
options=${PARTNER_FTP_OPTIONS:-}
# No child process needs these.
unset PARTNER_FTP_OPTIONS CUSTOMER_HASH_KEY ${!AIRFLOW_@}
most_bytes=${PARTNER_FTP_MOST_BYTES:-52428800} # of one file
most_seconds=${PARTNER_FTP_SECONDS:-1800}      # for everything
transfer_seconds=${PARTNER_FTP_TRANSFER_SECONDS:-300}
tries=${PARTNER_FTP_TRIES:-4} # per transfer; pauses double
pause=${PARTNER_FTP_PAUSE:-2}
looks=${PARTNER_FTP_LOOKS:-4} # attempts for a missing file or a wrong checksum; pauses double
look_pause=${PARTNER_FTP_LOOK_PAUSE:-30}
checksum_bytes=4096

fail() { # kind, sentence
    printf '%s\n%s\n' "$1" "$2" >"$folder/problem"
    printf '%s\n' "$2" >&2
    exit 1
}

# Returns curl's exit code and prints the server's last reply. --continue-at resumes a partial file. --max-filesize checks the
# announced size, ulimit the size that is sent. --ftp-skip-pasv-ip: the server cannot redirect curl to another host.
transfer() { # name, most bytes, seconds
    { printf 'url = "%s%s"\n' "$PARTNER_FTP_URL" "$1" && printf '%s\n' "$options"; } | (
        ulimit -f $((($2 + 1023) / 1024))
        exec curl -q --config - --silent --globoff --proto '=ftp' --ftp-skip-pasv-ip \
            --connect-timeout 20 --max-time "$3" --speed-limit 100 --speed-time 60 --max-filesize "$2" \
            --continue-at - --output "$folder/$1.part" --write-out '%{http_code}' 2>/dev/null
    )
}

# Fails if retrying cannot help. Reply 5yz is permanent, 4yz temporary.
refuse() { # what, curl's exit code, reply, most bytes
    case $2.$3 in
        67.4*) ;;
        67.*) fail credentials "$1 failed: the server refuses the login ($3): check login and password of the connection" ;;
        9.*) fail contract "$1 failed: the server does not let this login into the folder ($3): check \`path\` in the connection's extra" ;;
        64.*) fail contract "$1 failed: the server offers no TLS, and the connection requires it" ;;
        35.* | 51.* | 58.* | 60.* | 77.* | 83.* | 90.* | 91.*)
            fail contract "$1 failed: no trusted TLS connection could be established (curl: $2): use a host name of the server's \
certificate; \`cacert\` in the connection's extra names a file with a certificate of its own"
            ;;
        23.* | 63.* | 153.*) fail contract "$1 failed: it is larger than $4 bytes, or the disk is full" ;;
        1.* | 2.* | 3.* | 4.* | 26.* | 48.*) fail configuration "$1 failed: the curl of this worker cannot do that (curl: $2)" ;;
    esac
}

# Fails with an error that may be temporary.
give_up() { # what, curl's exit code, reply
    case $2.$3 in
        6.*) fail transient "$1 failed: the name of its host cannot be resolved (DNS): is the host right?" ;;
        7.*) fail transient "$1 failed: nothing answers: does the server run, are host and port right?" ;;
        8.*) fail transient "$1 failed: no FTP server answers there: are host and port right?" ;;
        28.421) fail transient "$1 failed: the server takes no more connections, or ended this one (421)" ;;
        28.*) fail transient "$1 failed: the server timed out" ;;
        19.* | 67.*) fail transient "$1 failed: the server cannot serve it now ($3)" ;;
        *) fail transient "$1 failed: the connection broke (curl: $2)" ;;
    esac
}

# Downloads a file to NAME.part; returns 1 if it is not on the server. `resumed` is empty unless the download was resumed.
fetch() { # name, most bytes
    local name=$1 what="fetching $1" between=$pause try=0 code reply left
    resumed=
    rm -f "$folder/$name.part"
    while try=$((try + 1)); do
        left=$((most_seconds - SECONDS))
        [ "$left" -gt 0 ] || fail transient "$what failed: the whole download took longer than $most_seconds seconds"
        [ "$left" -lt "$transfer_seconds" ] || left=$transfer_seconds
        [ ! -s "$folder/$name.part" ] || resumed=yes
        reply=$(transfer "$name" "$2" "$left") && code=0 || code=$?
        case $code.$reply in
            0.*)
                [ -e "$folder/$name.part" ] || : >"$folder/$name.part" # some versions of curl write no empty file
                return 0
                ;;
            78.* | 19.5*) return 1 ;;
            31.* | 36.*) rm -f "$folder/$name.part" && resumed= ;; # cannot be resumed: start again
        esac
        refuse "$what" "$code" "$reply" "$2"
        [ "$try" -lt "$tries" ] || give_up "$what" "$code" "$reply"
        sleep "$between"
        between=$((between * 2))
    done
}

sum_of() { # file
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -c 1-64
}

# Prints the checksum in a .sha256 file: hexadecimal digits, alone or in the format of sha256sum. Prints nothing without one.
published() { # file
    local first
    first=$(head -n 1 "$1" | tr -d '\000\r')
    first=${first#$'\xef\xbb\xbf'}
    first=$(printf '%s' "${first%%[[:blank:]]*}" | tr 'A-F' 'a-f')
    [[ $first =~ ^[0-9a-f]{64}$ ]] && printf '%s' "$first"
}

# Fetches a file and its checksum once. Moves the file to its place, or sets `wrong` to the problem.
look() { # name
    local name=$1 wanted found
    wrong="$name is not on the server, or this login may not read it: ask the partner, or check \`path\` in the connection's extra"
    fetch "$name" "$most_bytes" || return 0
    local pieces=$resumed
    # The file first: if the partner replaces both meanwhile, the new checksum does not match the old file.
    wrong="$name.sha256 is not on the server, or this login may not read it: without it, $name cannot be verified"
    fetch "$name.sha256" "$checksum_bytes" || return 0
    wrong="$name.sha256 does not begin with a SHA-256 checksum: 64 hexadecimal digits, as sha256sum writes them"
    wanted=$(published "$folder/$name.sha256.part") || return 0
    found=$(sum_of "$folder/$name.part")
    if [ "$found" != "$wanted" ] && [ -n "$pieces" ]; then # its parts may be of two versions: start again
        wrong="$name was replaced while it was fetched"
        fetch "$name" "$most_bytes" || return 0
        found=$(sum_of "$folder/$name.part")
    fi
    wrong="$name does not match $name.sha256: its checksum is $found, the published one is $wanted"
    [ "$found" = "$wanted" ] || return 0
    wrong=
    printf '%s  %s\n' "$found" "$name" >"$folder/$name.sha256"
    mv "$folder/$name.part" "$folder/$name"
    rm -f "$folder/$name.sha256.part"
}

[ -d "$folder" ] || { printf 'the folder %s does not exist\n' "$folder" >&2 && exit 1; }
command -v curl >/dev/null || fail configuration "curl is not installed on this worker"

for name in $PARTNER_FTP_FILES; do
    number=0 between=$look_pause
    while number=$((number + 1)); do
        look "$name"
        [ -n "$wrong" ] || break
        [ "$number" -lt "$looks" ] || fail contract "$wrong"
        printf '%s\nRetrying in %s seconds: the partner may be replacing it\n' "$wrong" "$between"
        sleep "$between"
        between=$((between * 2))
    done
    printf '%s: %s bytes, checksum verified\n' "$name" "$(wc -c <"$folder/$name" | tr -d ' ')"
done
