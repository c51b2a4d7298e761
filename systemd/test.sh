#!/bin/bash
# Proves ytaudio-daemon.service under the systemd of this machine. Run as root on a
# Debian 12 that you can spare: it installs this checkout as README.md says (user, /opt,
# /etc, /srv), plays YouTube itself on loopback, and breaks the daemon on purpose. Needs
# python3-venv, make and a package index; takes some four minutes.
#
#     sudo systemd/test.sh          what it installed stays, for looking around
set -u
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
UNIT=ytaudio-daemon.service
PREFIX=/opt/ytaudio CONFIG=/etc/ytaudio/ytaudio.toml DATA=/srv/ytaudio
WORK=/var/lib/ytaudio-unit-test
DROP_IN=/run/systemd/system/$UNIT.d/test.conf
FAILED=0
SINCE=$(date '+%Y-%m-%d %H:%M:%S')

ok() { echo "ok      $*"; }
bad() { echo "NOT OK  $*"; FAILED=1; }
die() { echo "cannot go on: $*" >&2; journalctl -u $UNIT -n 40 --no-pager >&2; exit 1; }
check() { local what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }
until_true() { # SECONDS COMMAND...: wait for it, looking ten times a second
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
prop() { systemctl show "$UNIT" -p "$1" --value; }
prop_is() { [ "$(prop "$1")" = "$2" ]; }
cgroup() { echo /sys/fs/cgroup$([ -d /sys/fs/cgroup/unified ] && echo /unified)/system.slice/$UNIT; }
pids_of() { local p; for p in $(cat "$(cgroup)/cgroup.procs" 2>/dev/null); do
  [[ $(readlink "/proc/$p/exe") == *"$1"* ]] && echo "$p"; done; }
converting() { [ -n "$(pids_of ffmpeg)" ]; }
gone() { local p; for p; do [ -e "/proc/$p" ] && return 1; done; return 0; }
journal_has() { journalctl -u $UNIT --since "$SINCE" -o cat --no-pager | grep -q -- "$1"; }
status_says() { prop StatusText | grep -q -- "$1"; }
ytaudio() { runuser -u ytaudio -- $PREFIX/.venv/bin/ytaudio --config $CONFIG "$@"; }
drop() { # SESSION LINE...: as a person would, a folder and a file in it
  local session=$1; shift
  install -d -m 2775 -o ytaudio -g ytaudio "$DATA/inbox/$session"
  printf '%s\n' "$@" >"$WORK/drop"; cp "$WORK/drop" "$DATA/inbox/$session/songs.txt"
}
ask_youtube() { # PYTHON: an expression about the stand-in `yt`
  (cd "$CHECKOUT" && "$WORK/venv/bin/python" -c "
from pathlib import Path
from tests.youtube import Remote
yt = Remote(Path('$WORK/proxy').read_text(), Path('$WORK/yt/ca.pem'))
print($1)")
}

# --- as README.md says ---
set_up() {
  [ "$(id -u)" = 0 ] || die "run it as root"
  [ -d /run/systemd/system ] || die "systemd is not running here"
  systemctl stop $UNIT 2>/dev/null
  rm -rf "$WORK" $DATA; install -d "$WORK"
  id ytaudio >/dev/null 2>&1 || useradd --system --user-group --home-dir $DATA --no-create-home \
    --shell /usr/sbin/nologin ytaudio || die "no user"
  install -d $PREFIX /etc/ytaudio
  if [ "$CHECKOUT" != $PREFIX ]; then
    tar -C "$CHECKOUT" --exclude=./.venv --exclude=./.git -c . | tar -C $PREFIX --no-same-owner -x || die "no copy"
  fi
  make -s -C $PREFIX .venv/.run || die "the installation failed"
  $PREFIX/.venv/bin/python -m compileall -q $PREFIX/ytaudio_daemon
  sed 's|^root = .*|root = "/srv/ytaudio"|; s|^umask = .*|umask = "0002"|; s|^group = .*|group = "ytaudio"|' \
    $PREFIX/config/ytaudio.toml >$CONFIG
  install -d -m 2755 -o ytaudio -g ytaudio $DATA
  install -d -m 2775 -o ytaudio -g ytaudio $DATA/inbox $DATA/downloads $DATA/library $DATA/status
  install -d -m 2750 -o ytaudio -g ytaudio $DATA/state $DATA/logs
  install -m 644 $PREFIX/systemd/$UNIT /etc/systemd/system/
}

play_youtube() {
  python3 -m venv "$WORK/venv" || die "no venv"
  "$WORK/venv/bin/pip" install --quiet cryptography imageio-ffmpeg || die "no packages for the stand-in"
  install -d "$WORK/yt"
  (cd "$CHECKOUT" && PYTHONDONTWRITEBYTECODE=1 exec "$WORK/venv/bin/python" - "$WORK" <<'PY'
import pathlib, signal, sys
from tests.youtube import Video, YouTube
work = pathlib.Path(sys.argv[1])
with YouTube(work / "yt") as youtube:
    youtube.default = Video(title="Song {id}", challenge=True)
    youtube.add(Video(id="TenMinutes1", title="Ten minutes", duration_s=600, challenge=True))
    youtube.add(Video(id="TenMinutes2", title="Ten minutes", duration_s=600, challenge=True))
    (work / "yt" / "ca.pem").write_bytes(youtube.ca_file.read_bytes())
    (work / "proxy.new").write_text(youtube.proxy)
    (work / "proxy.new").rename(work / "proxy")
    signal.sigwait({signal.SIGTERM})
PY
  ) & YOUTUBE=$!
  trap 'kill $YOUTUBE; rm -rf "$(dirname $DROP_IN)"; systemctl daemon-reload' EXIT
  until_true 20 test -s "$WORK/proxy" || die "the stand-in does not start"
  install -d "$(dirname $DROP_IN)"
  printf '[Service]\nEnvironment=YTAUDIO_DOWNLOAD_PROXY=%s YTAUDIO_DOWNLOAD_CA_FILE=%s\n' \
    "$(cat "$WORK/proxy")" "$WORK/yt/ca.pem" >$DROP_IN
  systemctl daemon-reload
}

starts() {
  check "systemd-analyze verify has nothing to say" test -z "$(systemd-analyze verify /etc/systemd/system/$UNIT 2>&1)"
  echo "        $(systemd-analyze security $UNIT --no-pager | tail -1)"
  local began=$(date +%s%N)
  systemctl start $UNIT || die "it does not start"
  ok "READY $((($(date +%s%N) - began) / 1000000)) ms after systemctl start"
  check "active" systemctl -q is-active $UNIT
  until_true 10 status_says "[Ii]dle"; check "status line: $(prop StatusText)" status_says "[Ii]dle"
}

works() {
  drop alice https://youtu.be/AAAAAAAAAAA 'https://youtu.be/BBBBBBBBBBB format=opus' 'https://youtu.be/CCCCCCCCCCC format=flac quality=best'
  until_true 10 test -e $DATA/inbox/alice/processed/songs.txt
  check "three songs behind a JavaScript challenge" ytaudio wait --session alice --timeout 90s
  check "as files in the library" test 3 = "$(find $DATA/library/alice -type f | wc -l)"
  local runtime=$(ytaudio status --json | $PREFIX/.venv/bin/python -c 'import json,sys; print(json.load(sys.stdin)["daemon"]["js_runtime"])')
  check "solved by $runtime" test -n "${runtime#None}"
  check "nothing of ffmpeg or deno lives on" test -z "$(pids_of ffmpeg)$(pids_of deno)"
}

reloads() {
  sed -i 's/^settle = .*/settle = "1s"/' $CONFIG
  systemctl reload $UNIT
  check "systemctl reload takes up the config" until_true 10 journal_has '"inbox.settle"\|config.reloaded'
  check "active after it" until_true 10 prop_is ActiveState active
}

survives_kill() {
  local before=$(prop NRestarts) main=$(prop MainPID)
  drop bob https://youtu.be/TenMinutes1
  until_true 60 converting || die "no conversion to be killed in"
  until_true 10 status_says "1 running"; check "status line: $(prop StatusText)" status_says "1 running"
  local old=$(cat "$(cgroup)/cgroup.procs")
  kill -KILL "$main"
  check "kill -9: restarted" until_true 20 prop_is NRestarts $((before + 1))
  check "  active" until_true 20 prop_is ActiveState active
  # shellcheck disable=SC2086  # a list of numbers
  check "  no process of the old one is left, no ffmpeg" gone $old
  check "  the job was taken up again and completed" ytaudio wait --session bob --timeout 120s
  check "  without fetching it twice" test 1 = "$(ask_youtube 'yt.fetches("TenMinutes1")')"
}

survives_a_hang() {
  local before=$(prop NRestarts) began=$SECONDS
  kill -STOP "$(prop MainPID)"
  check "SIGSTOP: the watchdog restarts it" until_true 90 prop_is NRestarts $((before + 1))
  check "  active after $((SECONDS - began)) s" until_true 20 prop_is ActiveState active
  check "  because of the watchdog" journal_has 'Watchdog timeout'
}

drains() {
  drop carol https://youtu.be/TenMinutes2
  until_true 60 converting || die "no conversion to be drained"
  local began=$SECONDS
  systemctl stop $UNIT
  check "systemctl stop waits for the running job ($((SECONDS - began)) s)" test -f "$DATA/library/carol/Ten minutes.mp3"
  check "  and ends well" prop_is Result success
  check "  and leaves no process" test -z "$(cat "$(cgroup)/cgroup.procs" 2>/dev/null)"
}

refuses() {
  echo 'nonsense = 1' >>$CONFIG
  systemctl start $UNIT 2>/dev/null && bad "a wrong config is accepted"
  check "a wrong config: failed, and not tried again" until_true 10 prop_is ActiveState failed
  check "  with status 2" prop_is ExecMainStatus 2
  check "  and the journal names the key" journal_has nonsense
  sed -i '$d' $CONFIG; systemctl reset-failed $UNIT
}

set_up && play_youtube
for part in starts works reloads survives_kill survives_a_hang drains refuses; do
  echo "# $part"; $part
done
exit $FAILED
