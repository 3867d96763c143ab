#!/usr/bin/env bash
# Builds deploy/Dockerfile, unchanged, where no image can be pulled: on a Debian that bears the name of its base image.
#   tests/image/build.sh FOLDER [TARGET]     as root; FOLDER/buildah then runs buildah on what was built: inkstream
set -euo pipefail
folder=$(realpath "$1") target=${2:-cpu}
cd "$(dirname "$0")/../.."

fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "only root can make a root file system: run it as root"
missing=()
for program in buildah mmdebstrap; do command -v "$program" >/dev/null || missing+=("$program"); done
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# no container can be started inside of one: isolation is a chroot, and layers are copies
cat >"$folder/buildah" <<RUN
#!/bin/sh
export BUILDAH_ISOLATION=chroot TMPDIR=$folder
exec buildah --root $folder/images --runroot $folder/run --storage-driver vfs "\$@"
RUN
chmod +x "$folder/buildah"
buildah=$folder/buildah

# python:3.12-slim has its own Python in /usr/local; Debian's, with what the official image has beside it, is here
mapfile -t options < <(apt-config dump | grep -E '^Acquire::(https?|Check)[^ ]* ".+"' | sed 's/^/--aptopt=/')
mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv "${options[@]}" \
    bookworm "$folder/base.tar"
base=$("$buildah" from scratch)
"$buildah" add --quiet "$base" "$folder/base.tar" / >/dev/null
"$buildah" run "$base" -- ln -s /usr/bin/python3 /usr/local/bin/python
"$buildah" run "$base" -- rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED
# how this machine reaches its package index
if [ -f /etc/pip.conf ]; then "$buildah" copy --quiet "$base" /etc/pip.conf /etc/pip.conf >/dev/null; fi
if [ -f "${PIP_CERT:-}" ]; then
    "$buildah" copy --quiet "$base" "$PIP_CERT" /etc/ssl/certs/ca-certificates.crt >/dev/null
    "$buildah" config --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$base"
fi
"$buildah" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
"$buildah" commit --quiet --rm "$base" docker.io/library/python:3.12-slim >/dev/null
rm "$folder/base.tar"

"$buildah" build --pull=never --format docker --ignorefile deploy/Dockerfile.dockerignore \
    -f deploy/Dockerfile --target "$target" -t inkstream .
