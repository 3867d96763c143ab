#!/usr/bin/env bash
# Both commands of the README on a machine that has Debian, Python 3.11 and make and nothing else: a missing part
# of the set-up shows here, however much is installed on the machine that this runs on. As root; 15 to 20 minutes.
#   tests/fresh/run.sh [COMMAND ...]     in a clone of what is committed; KEEP=1 leaves the file system for a look
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

SUITE=bookworm # its python3 is 3.11, the oldest that we run on
# how this machine reaches its package sources; nothing else of its environment goes along
PASSED_ON='^(PIP_|UV_|SSL_CERT_|REQUESTS_CA_BUNDLE=|CURL_CA_BUNDLE=|(https?|no|all)_proxy=|(HTTPS?|NO|ALL)_PROXY=)'

[ "$(id -u)" = 0 ] || fail "only root can make a root file system: run it as root"
if ! command -v mmdebstrap >/dev/null; then
    say "installing mmdebstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/inkstream-fresh.XXXXXX")
finish() {
    [ -z "${KEEP:-}" ] || { say "kept: $root"; return; }
    rm -rf --one-file-system "$root" # the mounts below ended with their namespace
}
trap finish EXIT

make_root() {
    local options=() sources=()
    # proxies and checks that this machine's apt is set up with, and where it fetches this suite from
    mapfile -t options < <(apt-config dump | grep -E '^Acquire::(https?|Check)[^ ]* ".+"' | sed 's/^/--aptopt=/')
    mapfile -t sources < <(grep -lsw "$SUITE" /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources})
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,make,python3 "${options[@]}" \
        "$SUITE" "$root" "${sources[@]}"
    install -m 644 /etc/resolv.conf /etc/hosts "$root/etc/"
    local file
    for file in /etc/pip.conf "${PIP_CONFIG_FILE:-}" "$HOME/.config/pip/pip.conf"; do
        [ ! -f "$file" ] || install -m 600 "$file" "$root/etc/pip.conf"
    done
    if [ -d /etc/apt/auth.conf.d ]; then cp -a /etc/apt/auth.conf.d "$root/etc/apt/"; fi
    # certificates that this machine's network asks for
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp -t "$root/usr/local/share/ca-certificates" {} +
    chroot "$root" update-ca-certificates >/dev/null 2>&1
    mkdir -p "$root/home/fresh"
    git clone --quiet --no-hardlinks . "$root/home/fresh/inkstream"
    git -C "$root/home/fresh/inkstream" remote remove origin
}

inside() {
    local passed=()
    mapfile -t passed < <(env | grep -E "$PASSED_ON" | grep -v '^PIP_FIND_LINKS=\|^PIP_CONFIG_FILE=')
    # a namespace of its own: whatever happens, the mounts and the processes end with it
    unshare --mount --pid --fork --kill-child --propagation private \
        env -i bash -c '
            mount -t proc proc "$0/proc" && mount --rbind /sys "$0/sys" && mount --rbind /dev "$0/dev"
            exec chroot "$0" /usr/bin/env -i "${@:2}" bash -c "cd /home/fresh/inkstream && $1"' \
        "$root" "$1" HOME=/home/fresh LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${passed[@]}"
}

timed() {
    local started=$SECONDS status=0
    say "$1"
    "${@:2}" || status=$?
    say "$1: $([ $status = 0 ] && echo passed || echo "failed, exit code $status"), $((SECONDS - started)) s"
    return $status
}

timed "a root file system of Debian $SUITE" make_root
[ $# -gt 0 ] || set -- "make run UNTIL_IDLE=1" "make test"
failed=0
for command; do
    timed "$command" inside "$command" || failed=1
done
exit $failed
