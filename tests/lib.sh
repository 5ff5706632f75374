# shellcheck shell=bash
# For tests/run and benches/side-by-side: what is missing is installed from Debian, and servers live in one directory
# that is gone afterwards. The caller sets `me`.

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# 1. What is needed, as "package program…", programs being looked for where Debian puts them.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
shopt -s nullglob
missing=()
need() {
  local package=$1 candidate
  shift
  for candidate in "$@"; do
    command -v -- "$candidate" >/dev/null 2>&1 && return 0
    [[ -e $candidate ]] && return 0
  done
  missing+=("$package")
}

install_packages() {
  local as_root=() policy=/usr/sbin/policy-rc.d made_policy=
  if ! command -v apt-get >/dev/null; then
    say "these Debian packages are needed and there is no apt-get to install them: ${missing[*]}"
    exit 1
  fi
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      say "please install these packages, or run this as root or with password-less sudo: apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo -n)
  fi
  say "installing ${missing[*]}"
  # The packages' own services must not start: 101 is "forbidden by policy" (invoke-rc.d).
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    made_policy=1
  fi
  local failed=
  { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
    </dev/null >&2 || failed=1
  [[ -z $made_policy ]] || "${as_root[@]}" rm -f "$policy"
  [[ -z $failed ]] || { say "apt-get failed"; exit 1; }
}

# Packages that are unpacked into a directory and not installed, because installing them would change the machine.
unpack() {
  local directory=$1 work as_root=()
  shift
  if [[ "$(cat "$directory/packages" 2>/dev/null || true)" == "$*" ]]; then return; fi
  say "unpacking $*"
  [[ $(id -u) == 0 ]] || as_root=(sudo -n)
  rm -rf -- "$directory"
  mkdir -p "$directory"
  work=$(mktemp -d)
  chmod 777 "$work" # apt downloads as a user of its own
  # Without lists of packages, or with old ones, there is nothing to download.
  if ! (cd "$work" && apt-get download -q "$@" >&2) &&
    ! ("${as_root[@]}" apt-get update -q >&2 && cd "$work" && apt-get download -q "$@" >&2); then
    say "apt-get failed"
    exit 1
  fi
  for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$directory"; done
  rm -rf -- "$work"
  # Who needs the privileges makes a copy of its own.
  chmod -R u-s,g-s "$directory"
  # /lib is /usr/lib; packages of Debian 12 still say /lib.
  if [[ -d $directory/lib ]]; then
    cp -a "$directory/lib/." "$directory/usr/lib/"
    rm -rf -- "${directory:?}/lib"
  fi
  printf '%s\n' "$*" >"$directory/packages"
}

# The same with what the packages depend on and the machine does not have. Each argument is a list of packages that stand
# each other.
unpack_whole() {
  local directory=$1 list needed all=()
  shift
  if [[ "$(cat "$directory/wanted" 2>/dev/null || true)" == "$*" ]]; then return; fi
  for list in "$@"; do
    # shellcheck disable=SC2086
    if ! needed=$(depended_on $list); then
      as_root apt-get update -q >&2
      # shellcheck disable=SC2086
      needed=$(depended_on $list) || { say "apt-get does not know all of $list"; exit 1; }
    fi
    # shellcheck disable=SC2206
    all+=($list $needed)
  done
  # shellcheck disable=SC2046
  unpack "$directory" $(printf '%s\n' "${all[@]}" | sort -u)
  printf '%s\n' "$*" >"$directory/wanted"
}

depended_on() {
  local plan
  plan=$(apt-get install -q -q -s --no-install-recommends "$@") || return 1
  awk '/^Inst /{print $2}' <<<"$plan"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# After the last `need`.
install_missing() {
  if ((${#missing[@]})); then install_packages; fi
  command -v cargo >/dev/null || { say "cargo is not on the PATH: install Rust (https://rustup.rs)"; exit 1; }
}

# 2. A directory for servers, logs and pids. The path is short because of the length limit of Unix sockets.
make_directory() {
  LDAP_GATEWAY_TEST_DIR=$(mktemp -d /tmp/lgt.XXXXXX)
  export LDAP_GATEWAY_TEST_DIR
  chmod 755 "$LDAP_GATEWAY_TEST_DIR" # user postgres must get through
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

finish() {
  local status=$?
  trap - EXIT
  local file pid
  # The servers die with the process that started them; this is for the day they do not. A pid is ours if it lives in
  # our directory.
  for file in "$LDAP_GATEWAY_TEST_DIR"/pids/*; do
    pid=$(basename "$file")
    if [[ $(readlink "/proc/$pid/cwd" || true) == "$LDAP_GATEWAY_TEST_DIR"/* ]]; then
      kill -KILL "$pid" 2>/dev/null || true
    fi
  done
  # Containers live on without the process that started them.
  local containers=$LDAP_GATEWAY_TEST_DIR/containers
  if [[ -d $containers ]]; then
    podman --root "$containers/root" --runroot "$containers/run" --storage-driver vfs --runtime runc \
      --cgroup-manager cgroupfs rm --all --force --time 0 >/dev/null 2>&1 || true
  fi
  if [[ -n ${LDAP_GATEWAY_TEST_KEEP:-} ]]; then
    say "kept $LDAP_GATEWAY_TEST_DIR"
  else
    # A server that is still dying may write once more.
    rm -rf -- "$LDAP_GATEWAY_TEST_DIR" 2>/dev/null || { sleep 1; rm -rf -- "$LDAP_GATEWAY_TEST_DIR"; }
  fi
  exit "$status"
}
