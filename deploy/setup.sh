#!/usr/bin/env bash
# Sets up everything that `make run`, `make test` or `make test-torch` needs and that is missing; asks nothing,
# changes nothing twice.
#   deploy/setup.sh run|test|torch       VENV names another folder than .venv for the Python packages
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}
venv=${VENV:-.venv}

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

find_python() {
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or later is needed. Install it (Debian: apt-get install python3 python3-venv) and run this again."
}

missing_packages() {
    command -v tesseract >/dev/null || echo tesseract-ocr
    have_language eng || echo tesseract-ocr-eng
    have_language osd || echo tesseract-ocr-osd
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    if [ "$mode" != run ]; then
        command -v kcat >/dev/null || echo kcat
    fi
    if [ "$mode" = test ]; then
        command -v chromium >/dev/null || echo chromium
    fi
}

have_language() {
    [ -n "$(find ${TESSDATA_PREFIX:-} /usr/share/tesseract-ocr /usr/share/tessdata /usr/local/share/tessdata \
        /opt/homebrew/share/tessdata -name "$1.traineddata" -print -quit 2>/dev/null)" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    local packages=("$@")
    if ! command -v apt-get >/dev/null; then
        fail "these are missing and there is no apt-get to install them with: ${packages[*]}"
    fi
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || fail "these are missing: run  sudo apt-get install ${packages[*]}  and this again"
    fi
    say "installing ${packages[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

has_java() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/java}
    java=${java:-$(command -v java || true)}
    [ -n "$java" ] && "$java" -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])'
}

install_python_packages() {
    local extras=()
    case $mode in
        test) extras+=(test) ;;
        torch) extras+=(test torch craft hub) ;;
    esac
    has_java || extras+=(java)
    local stamp=$venv/.inkstream-setup from here was_from="" was_here="" had="" extra
    from="$(cat pyproject.toml constraints.txt | cksum) $python"
    here=$(pwd -P)
    if [ -e "$stamp" ]; then
        { read -r was_from; read -r was_here; read -r had; } <"$stamp" || true
        # made by this script in a folder that was moved since: its programs do not start
        [ -z "$was_here" ] || [ "$was_here" = "$here" ] || rm -rf "$venv"
    fi
    # what was installed for tests or without a Java stays: `make run` does not take it away again
    for extra in $had; do
        case " ${extras[*]:-} " in *" $extra "*) ;; *) extras+=("$extra") ;; esac
    done
    if [ "$was_from" = "$from" ] && [ "$(wc -w <<<"$had")" = "${#extras[@]}" ] && [ -x "$venv/bin/python" ]; then
        return
    fi
    say "installing Python packages into $venv (some $([ "$mode" = torch ] && echo 6 GB || echo 900 MB), a minute or two)"
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt \
        -e ".${extras[*]:+[$(IFS=,; echo "${extras[*]}")]}"
    printf '%s\n' "$from" "$here" "${extras[*]:-}" >"$stamp"
}

python=$(find_python)
mapfile -t packages < <(missing_packages)
if [ ${#packages[@]} -gt 0 ]; then install_packages "${packages[@]}"; fi
install_python_packages
# promtool checks the alert rules. It is taken out of Debian's package of Prometheus: installed, that runs a server.
fetch_promtool() {
    if [ -x "$venv/bin/promtool" ] || command -v promtool >/dev/null; then return; fi
    command -v apt-get >/dev/null || fail "promtool is missing, and there is no apt-get: install Prometheus"
    say "fetching promtool"
    local folder
    folder=$(mktemp -d)
    (cd "$folder" && { apt-get download -qq prometheus || { as_root apt-get update -qq && apt-get download -qq prometheus; }; }) \
        2>/dev/null || fail "Debian's package prometheus cannot be fetched; install promtool and run this again"
    dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
    mv "$folder/usr/bin/promtool" "$venv/bin/promtool"
    rm -r "$folder"
}
if [ "$mode" = test ]; then fetch_promtool; fi
# Kafka's jars: fetched now, so that a failure shows now
[ -e "$venv/.inkstream-jars" ] && [ "$venv/.inkstream-jars" -nt streams/broker/jars.lock ] &&
    [ -d "${XDG_CACHE_HOME:-$HOME/.cache}/inkstream/jars" ] && exit 0
say "fetching Kafka"
"$venv/bin/python" -m streams.broker.jars >&2
touch "$venv/.inkstream-jars"
