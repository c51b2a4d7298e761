#!/bin/bash
# Proves the installation and ytaudio-daemon.service under the systemd of this machine.
# Run as root on a Debian 12 that you can spare: it installs this checkout, makes and
# removes a user, plays YouTube itself on loopback, breaks the daemon on purpose, and
# uninstalls it in the end. Needs python3-venv, make and a package index; takes some ten
# minutes. WHAT IS IN /srv/ytaudio AND /etc/ytaudio IS DELETED FIRST.
#
#     sudo systemd/test.sh
set -u
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
UNIT=ytaudio-daemon.service
API=ytaudio-api.service TOKEN=/etc/ytaudio/token
CONFIG=/etc/ytaudio/ytaudio.toml DATA=/srv/ytaudio CURRENT=/opt/ytaudio/current
WORK=/var/lib/ytaudio-unit-test
MEMBER=ytaudio-member STRANGER=ytaudio-stranger
DROP_INS=/run/systemd/system/$UNIT.d
FAILED=0
SINCE=$(date '+%Y-%m-%d %H:%M:%S')
cd / # a config/ytaudio.toml in the current folder would go before /etc

ok() { echo "ok      $*"; }
bad() { echo "NOT OK  $*"; FAILED=1; }
die() { echo "cannot go on: $*" >&2; journalctl -u $UNIT -n 40 --no-pager >&2; exit 1; }
check() { local what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }
not() { ! "$@"; }
until_true() { # SECONDS COMMAND...: wait for it, looking ten times a second
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
same() { [ "$1" = "$2" ]; }
prop() { systemctl show "$UNIT" -p "$1" --value; }
is_switched() { [ "$1" != "$(readlink $CURRENT)" ]; }
prop_is() { [ "$(prop "$1")" = "$2" ]; }
cgroup() { echo /sys/fs/cgroup$([ -d /sys/fs/cgroup/unified ] && echo /unified)/system.slice/$UNIT; }
processes() { cat "$(cgroup)/cgroup.procs" 2>/dev/null; }
pids_of() { local p; for p in $(processes); do
  [[ $(readlink "/proc/$p/exe") == *"$1"* ]] && echo "$p"; done; }
named() { local p; for p in $(processes); do
  [ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$1" ] && echo "$p"; done; }
converting() { [ -n "$(pids_of ffmpeg)" ]; }
interpreting() { local p; for p in $(pids_of deno); do
  grep -qz -- --jitless "/proc/$p/cmdline" 2>/dev/null && return 0; done; return 1; }
gone() { local p; for p; do [ -e "/proc/$p" ] && return 1; done; return 0; }
journal_has() { journalctl -u $UNIT --since "$SINCE" -o cat --no-pager | grep -q -- "$1"; }
status_says() { prop StatusText | grep -q -- "$1"; }
mode() { stat -c '%a %U:%G' "$1"; }
as() { local who=$1; shift; runuser -u "$who" -- "$@"; }
make_install() { make --no-print-directory -C "${1:-$CHECKOUT}" install >"$WORK/install.log" 2>&1; }
drop_in() { # NAME LINE...
  local name=$1; shift
  install -d "$DROP_INS"; printf '%s\n' '[Service]' "$@" >"$DROP_INS/$name.conf"
  systemctl daemon-reload
}
drop() { # SESSION LINE...: as a person of the group does, with the strictest umask
  local session=$1; shift
  printf '%s\n' "$@" >"$WORK/drop"; chmod 644 "$WORK/drop"
  as $MEMBER sh -c "umask 077; mkdir -p $DATA/inbox/$session; cp $WORK/drop $DATA/inbox/$session/songs.txt"
}
in_sandbox() { nsenter --target "$(prop MainPID)" --mount -- "$@"; } # root, in its mounts
cgroups() { ls -d /sys/fs/cgroup/system.slice/$UNIT /sys/fs/cgroup/*/system.slice/$UNIT 2>/dev/null; }
in_cgroup() { bash -c 'for g in '"$(cgroups | xargs)"'; do echo $$ >$g/cgroup.procs || exit; done; exec "$@"' - "$@"; }
limits_bite() { [ -e "$(cgroup)/memory.max" ] || [ -d /sys/fs/cgroup/memory/system.slice/$UNIT ]; }
sandboxed() { # COMMAND...: under the unit's own rules
  local other=/run/systemd/system/ytaudio-test.service
  sed -e 's/^Type=.*/Type=oneshot/' -e "s|^ExecStart=.*|ExecStart=$*|" \
    -e '/^\(ExecReload\|WatchdogSec\|Restart[A-Za-z]*\|Alias\)=/d' "$(systemctl show $UNIT -p FragmentPath --value)" >$other
  install -D -t $other.d "$DROP_INS/10-name-servers.conf"
  systemctl daemon-reload; systemctl start "$(basename $other)"
  local result=$?
  rm -r $other $other.d; systemctl daemon-reload
  return $result
}
connects() { # HOST PORT
  timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null
}
ask_youtube() { # PYTHON: an expression about the stand-in `yt`
  (cd "$CHECKOUT" && PYTHONDONTWRITEBYTECODE=1 "$WORK/venv/bin/python" -c "
from pathlib import Path
from tests.youtube import Fault, Remote, Video
yt = Remote(Path('$WORK/proxy').read_text(), Path('$WORK/yt/ca.pem'))
print($1)")
}

json() { # PYTHON COMMAND...: an expression about `d`, what the command says with --json
  "${@:2}" --json | "$CURRENT/bin/python" -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

api() { # METHOD PATH [TOKEN [SESSION [BODY]]]: prints the status, and the answer behind it
  "$CURRENT/bin/python" - "$@" <<'PY'
import sys, urllib.error, urllib.request
method, path, token, session, body = (sys.argv[1:] + [""] * 3)[:5]
request = urllib.request.Request("http://127.0.0.1:8000" + path, method=method, data=body.encode() or None)
request.add_header("Content-Type", "application/json")
if token: request.add_header("Authorization", "Bearer " + token)
if session: request.add_header("X-Session-ID", session)
try: answer = urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as error: answer = error
print(answer.status, answer.read().decode())
PY
}
api_says() { local status=$1; shift; api "$@" 2>/dev/null | grep -q "^$status "; }

set_up() {
  [ "$(id -u)" = 0 ] || die "run it as root"
  [ -d /run/systemd/system ] || die "systemd is not running here"
  systemctl disable --now $API 2>/dev/null; systemctl stop $UNIT 2>/dev/null
  rm -rf "$WORK" $DATA /etc/ytaudio "$DROP_INS"; install -d "$WORK"
  userdel -r $MEMBER 2>/dev/null; userdel -r $STRANGER 2>/dev/null
}

play_youtube() {
  python3 -m venv "$WORK/venv" || die "no venv"
  "$WORK/venv/bin/pip" install --quiet cryptography imageio-ffmpeg || die "no packages for the stand-in"
  install -d "$WORK/yt"
  (cd "$CHECKOUT" && PYTHONDONTWRITEBYTECODE=1 exec "$WORK/venv/bin/python" - "$WORK" <<'PY'
import pathlib, signal, sys
from tests.youtube import Fault, Video, YouTube
work = pathlib.Path(sys.argv[1])
with YouTube(work / "yt") as youtube:
    youtube.default = Video(title="Song {id}", challenge=True)
    for number in range(1, 4):
        youtube.add(Video(id=f"TenMinutes{number}", title="Ten minutes", duration_s=600, challenge=True))
    slow = Fault.throttles(60_000)  # a song of a minute takes some 15 s
    youtube.add(Video(id="SlowlyComes", title="Slow", duration_s=60, challenge=True, faults=(slow,)))
    (work / "yt" / "ca.pem").write_bytes(youtube.ca_file.read_bytes())
    (work / "proxy.new").write_text(youtube.proxy)
    (work / "proxy.new").rename(work / "proxy")
    signal.sigwait({signal.SIGTERM})
PY
  ) & YOUTUBE=$!
  trap 'kill $YOUTUBE; rm -rf "$DROP_INS"; systemctl daemon-reload' EXIT
  until_true 20 test -s "$WORK/proxy" || die "the stand-in does not start"
  PORT=$(sed 's/.*://' "$WORK/proxy")
}

# --- the proofs ---
installs() {
  git -C "$CHECKOUT" status --porcelain --ignored >"$WORK/before" 2>/dev/null
  make_install || { cat "$WORK/install.log"; die "the installation failed"; }
  check "sudo make install" grep -q 'is installed; active' "$WORK/install.log"
  git -C "$CHECKOUT" status --porcelain --ignored >"$WORK/after" 2>/dev/null
  check "  writes nothing into the checkout" cmp -s "$WORK/before" "$WORK/after"
  check "  ytaudio is on PATH: $(ytaudio --version)" same "$(command -v ytaudio)" /usr/local/bin/ytaudio
  check "  and so is its man page" test -s /usr/local/share/man/man1/ytaudio.1
  check "  and $(prop Documentation)" test -s "$(prop Documentation | sed 's|^file://||')"
  check "  $DATA/downloads is $(mode $DATA/downloads)" same "$(mode $DATA/downloads)" "3770 ytaudio:ytaudio"
  check "  $DATA/inbox is $(mode $DATA/inbox)" same "$(mode $DATA/inbox)" "2770 ytaudio:ytaudio"
  check "  $CONFIG is $(mode $CONFIG)" same "$(mode $CONFIG)" "640 root:ytaudio"
  check "  enabled" systemctl --quiet is-enabled $UNIT
  check "  active, as ytaudio" systemctl --quiet is-active ytaudio
  check "systemd-analyze verify has nothing to say" test -z "$(systemd-analyze verify $UNIT 2>&1)"
  local score; score=$(systemd-analyze security $UNIT --no-pager | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
  check "systemd-analyze security: $score" awk "BEGIN { exit !($score <= 1.1) }"
  useradd --create-home --groups ytaudio $MEMBER && useradd --create-home $STRANGER || die "no users"
}

gets_ready() {
  systemctl stop $UNIT
  local began=$(date +%s%N)
  systemctl start $UNIT || die "it does not start"
  local took=$((($(date +%s%N) - began) / 1000000)) template
  template=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$(named ytaudio-templat)/status")
  check "READY after $took ms, with a warm template of ${template:-0} MiB" test "${template:-0}" -gt 30
  until_true 10 status_says "[Ii]dle"; check "status line: $(prop StatusText)" status_says "[Ii]dle"
  systemctl stop $UNIT
  as ytaudio bash -c "mkdir $DATA/inbox/many; cd $DATA/inbox/many; seq -f '%06g.txt' 100000 | xargs touch"
  drop_in hurry TimeoutStartSec=30s
  began=$(date +%s%N)
  check "100,000 files in the inbox do not hit TimeoutStartSec=30s" systemctl start $UNIT
  echo "        READY after $((($(date +%s%N) - began) / 1000000)) ms"
  systemctl stop $UNIT; rm -rf $DATA/inbox/many "$DROP_INS/hurry.conf"; systemctl daemon-reload
}

boots() { # what a boot does, without one
  systemctl stop $UNIT ytaudio-name-servers.path
  rm -rf "$DROP_INS/10-name-servers.conf" $DATA/status; systemctl daemon-reload
  systemd-tmpfiles --create && systemctl start multi-user.target
  check "a boot makes missing folders and starts it" until_true 30 systemctl --quiet is-active $UNIT
  check "  with its name servers, and watching for others" test -s "$DROP_INS/10-name-servers.conf" -a \
    "$(systemctl is-active ytaudio-name-servers.path)" = active
}

is_locked_down() {
  systemctl start $UNIT
  check "it writes nothing but its data: /etc" not in_sandbox touch /etc/x 2>/dev/null
  check "  /opt" not in_sandbox touch /opt/ytaudio/x 2>/dev/null
  check "  sees no home folder" test -z "$(in_sandbox ls -A /root 2>/dev/null)"
  in_sandbox cp /bin/true $DATA/state/program
  check "  executes nothing it can write" not in_sandbox $DATA/state/program 2>/dev/null
  in_sandbox rm $DATA/state/program
  check "  moves results from .work without crossing a mount" in_sandbox sh -c \
    "mkdir $DATA/downloads/.work/t && mv -T $DATA/downloads/.work/t $DATA/downloads/t && rmdir $DATA/downloads/t && \
     [ \$(grep -c ' $DATA' /proc/self/mountinfo) = 1 ]"
  check "  tasks, memory, processor: $(prop TasksMax), $(prop MemoryMax), $(prop CPUWeight)" \
    test "$(prop TasksMax)" = 512 -a "$(prop MemoryMax)" != infinity -a "$(prop CPUWeight)" = 50
  local server; server=$(awk '/^nameserver/ { print $2; exit }' /etc/resolv.conf)
  check "  its name server $server is allowed by the drop-in" grep -q "IPAddressAllow=$server" "$DROP_INS/10-name-servers.conf"
  cp --dereference /etc/resolv.conf "$WORK/resolv.conf"
  if cp "$WORK/resolv.conf" "$WORK/other" && echo 'nameserver 10.9.8.7' >>"$WORK/other" && cp "$WORK/other" /etc/resolv.conf 2>/dev/null; then
    check "  another one follows within seconds" until_true 10 grep -q 10.9.8.7 "$DROP_INS/10-name-servers.conf"
    cp "$WORK/resolv.conf" /etc/resolv.conf
    until_true 10 not grep -q 10.9.8.7 "$DROP_INS/10-name-servers.conf"
  fi
  # The stand-in is on loopback, where a worker must not get: first as the unit is ...
  drop_in youtube "Environment=YTAUDIO_DOWNLOAD_PROXY=$(cat "$WORK/proxy") YTAUDIO_DOWNLOAD_CA_FILE=$WORK/yt/ca.pem" \
    "Environment=YTAUDIO_DOWNLOAD_STALL_TIMEOUT=2s"
  systemctl restart $UNIT
  check "the stand-in on loopback answers outside" connects 127.0.0.1 "$PORT"
  check "  and not inside the unit" not in_cgroup timeout 3 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
  drop denied https://youtu.be/DDDDDDDDDDD
  check "  a worker does not get there" until_true 90 journal_has 'job.waiting.*session=denied'
  check "  nothing arrived" same 0 "$(ask_youtube 'len(yt.requests("DDDDDDDDDDD"))')"
  # ... then with the drop-in that lets it, and a ledger that knows nothing of all that.
  systemctl stop $UNIT; rm -rf $DATA/state/ledger* $DATA/status/* $DATA/inbox/denied
  drop_in youtube "Environment=YTAUDIO_DOWNLOAD_PROXY=$(cat "$WORK/proxy") YTAUDIO_DOWNLOAD_CA_FILE=$WORK/yt/ca.pem" \
    "IPAddressAllow=127.0.0.1"
  systemctl start $UNIT || die "it does not start"
  check "  with IPAddressAllow=127.0.0.1 it does" in_cgroup timeout 3 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
}

renews() { # before anything was downloaded: real YouTube would be asked for it again
  sandboxed /usr/local/bin/ytaudio engine upgrade --automatic
  local version; version=$(json 'd["in_use"]["version"] if d["in_use"]["path"] else ""' ytaudio engine list)
  [ -n "$version" ] || { echo "skip    no newer yt-dlp can be had than the installed one"; return; }
  ok "yt-dlp upgraded from inside the sandbox, as the daemon does every day: $version"
  drop erin https://youtu.be/KKKKKKKKKKK
  check "  it works below state/, where nothing may be executed" as $MEMBER ytaudio wait --session erin --timeout 120s
  local job; job=$(json 'd["jobs"][0]["id"]' ytaudio jobs --session erin)
  check "  and made it: $version" same "$version" "$(json 'd["attempts"][-1]["engine"]' ytaudio show "$job")"
}

confines() { # a worker that a crafted file took over, as far as it differs from the daemon
  cat >"$WORK/attack.py" <<PY
import os, sys
from ytaudio_daemon.fetch.confinement import confine
from ytaudio_daemon.model import FetchRequest
work, home = "$DATA/downloads/.work/j/1", "$DATA/state/home"
os.makedirs(work, exist_ok=True)
os.environ["HOME"] = home
private = ["/etc/ytaudio", *(f"$DATA/{name}" for name in ("inbox", "downloads", "library", "status", "state"))]
given_up = confine(FetchRequest(key="j", attempt=1, url="", video_id="", options={}, fallback_bitrate="",
    attempt_dir=work, cache_dir="$DATA/state/cache", private_paths=tuple(private)))
def got(action):
    try: action()
    except OSError: return False
    return True
reached = [name for name, action in {
    "reads the ledger": lambda: open("$DATA/state/ledger.sqlite3"),
    "reads the config": lambda: open("$CONFIG"),
    "reads the token": lambda: open("$TOKEN"),
    "lists the inbox": lambda: os.listdir("$DATA/inbox"),
    "writes a drop": lambda: open("$DATA/inbox/x.txt", "w"),
    "writes a result": lambda: os.mkdir("$DATA/downloads/x"),
    "writes the engine": lambda: os.mkdir("$DATA/state/engine"),
    "writes /tmp": lambda: open("/tmp/x", "w"),
    "reads shadow": lambda: open("/etc/shadow"),
    "sees homes": lambda: os.listdir("/root"),
    "asks D-Bus": lambda: os.listdir("/run/dbus"),
}.items() if got(action)]
kept = [got(lambda: open(f"{work}/media", "w")), got(lambda: open("/etc/resolv.conf")), got(lambda: open(f"{home}/x", "w"))]
print(given_up, reached, kept)
sys.exit(0 if given_up and not reached and all(kept) else 1)
PY
  check "a worker gives up ledger, config, token, drops and results of others" sandboxed \
    $CURRENT/bin/python "$WORK/attack.py"
  journalctl -u ytaudio-test -n 3 -o cat --no-pager | grep '\[' | tail -n 1 | sed 's/^/        /'
}

works() {
  rm -rf $DATA/state/cache/* # what yt-dlp has solved before needs no deno
  drop alice https://youtu.be/AAAAAAAAAAA 'https://youtu.be/BBBBBBBBBBB format=opus' 'https://youtu.be/CCCCCCCCCCC format=flac quality=best'
  check "deno interprets (--jitless), no memory is both written and executed" until_true 60 interpreting
  check "a member of the group drops, with umask 077, and waits" as $MEMBER ytaudio wait --session alice --timeout 90s
  check "  three songs behind a JavaScript challenge" test 3 = "$(find $DATA/library/alice -type f | wc -l)"
  check "  the drop went to processed/" test -f $DATA/inbox/alice/processed/songs.txt
  check "  the member reads status and jobs" as $MEMBER sh -c '{ ytaudio status alice && ytaudio jobs --session alice; } >/dev/null'
  check "  takes the audio away" as $MEMBER sh -c "mv '$DATA/library/alice/Song AAAAAAAAAAA.mp3' ~ && test -s ~/Song*"
  check "  and cannot write the ledger" not as $MEMBER ytaudio retry --session alice 2>/dev/null
  check "somebody else drops nothing and reads no ledger" not as $STRANGER sh -c \
    "touch $DATA/inbox/x 2>/dev/null || cat $DATA/state/ledger.sqlite3 2>/dev/null"
  check "  and sees no folder" not as $STRANGER ls $DATA $DATA/downloads $DATA/inbox $DATA/library $DATA/status 2>/dev/null
  local runtime=$(json 'd["daemon"]["js_runtime"]' ytaudio status)
  check "solved by $runtime" test -n "${runtime#None}"
  check "nothing of ffmpeg or deno lives on" test -z "$(pids_of ffmpeg)$(pids_of deno)"
}

signs_in() { # a worker is confined, and yet reads its session's cookies and writes what YouTube renews
  local closed=CookiesOnly account=SESSIONSECRET jars=$DATA/state/cookies jar
  ask_youtube "yt.add(Video(id='$closed', title='Closed', status='members', account='$account', challenge=True))" >/dev/null
  (cd "$CHECKOUT" && "$WORK/venv/bin/python" -Bc "from tests.youtube.accounts import cookies_text; print(cookies_text('$account'))") >"$WORK/cookies"
  drop invited "https://youtu.be/$closed"
  as $MEMBER ytaudio wait --session invited --timeout 60s >/dev/null
  check "without cookies it is closed" test -z "$(find $DATA/library/invited -type f -name '*.mp3' 2>/dev/null)"
  as $MEMBER sh -c "umask 077; cat >$DATA/inbox/invited/cookies.txt" <"$WORK/cookies"
  check "a member's cookies.txt leaves the inbox" until_true 30 test ! -e $DATA/inbox/invited/cookies.txt
  jar=$(find $jars -name cookies.txt)
  check "  for $jar" test "$(dirname "$(dirname "$jar")")" = $jars -a "$(grep -c $account "$jar")" = 2
  check "  of the daemon's user alone: $(mode "$jar"), $(mode $jars)" same "$(mode "$jar") $(mode $jars)" "600 ytaudio:ytaudio 2700 ytaudio:ytaudio"
  check "  nor can the member read it" not as $MEMBER cat "$jar" 2>/dev/null
  as ytaudio ytaudio retry --session invited >/dev/null
  check "  with them it comes" as $MEMBER ytaudio wait --session invited --timeout 60s
  check "  and was signed in" test -s $DATA/library/invited/Closed.mp3 -a \
    true = "$(json 'str(d["jobs"][0]["with_cookies"]).lower()' ytaudio jobs --session invited)"
  check "  what YouTube renewed is stored: the worker may write there" grep -q SIDCC "$jar"
  check "  of the daemon's user alone still" same "$(mode "$jar")" "600 ytaudio:ytaudio"
  check "  and their content stands nowhere else" not grep -rqs $account $DATA/inbox $DATA/downloads $DATA/library $DATA/status $DATA/logs \
    $DATA/state/ledger.sqlite3 $DATA/state/ledger.sqlite3-wal
}

serves() {
  check "the API is installed, and not enabled" same disabled "$(systemctl is-enabled $API)"
  check "  nor running" not systemctl --quiet is-active $API
  check "  its token is $(mode $TOKEN)" same "$(mode $TOKEN)" "600 ytaudio:ytaudio"
  check "  systemd-analyze verify has nothing to say" test -z "$(systemd-analyze verify $API 2>&1)"
  local score; score=$(systemd-analyze security $API --no-pager | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
  check "  systemd-analyze security: $score" awk "BEGIN { exit !($score <= 1.1) }"
  check "it starts" systemctl start $API
  check "  and answers" api_says 200 GET /api/health
  check "  opens no session without the token" api_says 401 POST /api/sessions/
  local session job; session=$(api POST /api/sessions/ "$(cat $TOKEN)" | sed -n 's/.*"session_uuid": *"\([^"]*\)".*/\1/p')
  check "  opens one with it" test -n "$session"
  job=$(api POST /api/jobs/ '' "$session" '{"url": "https://youtu.be/NNNNNNNNNNN"}' | sed -n 's/.*"job_uuid": *"\([^"]*\)".*/\1/p')
  check "  takes a link, which the daemon downloads" until_true 90 eval \
    'api GET "/api/jobs/$job" "" "$session" | grep -q "\"status\": *\"completed\""'
  check "  and hands the audio out" api_says 200 HEAD "/api/jobs/$job/audio" '' "$session"
  local main; main=$(systemctl show $API -p MainPID --value)
  check "  it writes nothing but its data" not nsenter --target "$main" --mount -- touch /etc/x 2>/dev/null
  kill -KILL "$main"
  check "kill -9: it is back" until_true 30 api_says 200 GET /api/health
}

logs_in_fields() {
  drop logged https://youtu.be/LLLLLLLLLLL nonsense
  as $MEMBER ytaudio wait --session logged --timeout 60s >/dev/null
  check "journalctl SESSION=logged EVENT=job.completed: one line" \
    same 1 "$(journalctl -u $UNIT --since "$SINCE" SESSION=logged EVENT=job.completed -o cat | wc -l)"
  echo "        $(journalctl -u $UNIT --since "$SINCE" SESSION=logged EVENT=job.completed -o cat)"
  local job=$(journalctl -u $UNIT --since "$SINCE" SESSION=logged EVENT=job.completed -o json | sed -n 's/.*"JOB":"\([^"]*\)".*/\1/p')
  check "  and JOB=${job:0:8}... finds it" test 1 -le "$(journalctl -u $UNIT JOB="$job" -o cat | wc -l)"
  check "  nobody else's lines are among them" same 0 "$(journalctl -u $UNIT --since "$SINCE" SESSION=logged -o cat | grep -c alice)"
}

reloads() {
  sed -i 's/^settle = .*/settle = "1s"/' $CONFIG
  systemctl reload $UNIT
  check "systemctl reload takes up the config" until_true 10 journal_has 'config.reloaded.*inbox.settle'
  check "active after it" until_true 10 prop_is ActiveState active
}

keeps_its_limits() {
  local main=$(prop MainPID)
  limits_bite || { echo "skip    systemd has no memory controller here"; return; }
  drop_in tight MemoryMax=400M TasksMax=100
  in_cgroup sh -c 'echo 500 >/proc/self/oom_score_adj && exec python3 -c "bytearray(600 << 20)"' 2>/dev/null
  check "a worker that takes more than MemoryMax is killed" test $? -eq 137
  in_cgroup python3 -c 'import os, threading
for count in range(200):
    try: threading.Thread(target=threading.Event().wait, daemon=True).start()
    except RuntimeError: break
os._exit(50 < count < 100)'
  check "  nobody starts more than TasksMax" test $? -eq 1
  check "  and the daemon goes on" same "$main active" "$(prop MainPID) $(prop ActiveState)"
  rm "$DROP_INS/tight.conf"; systemctl daemon-reload
  drop frank https://youtu.be/MMMMMMMMMMM
  check "  and works" as $MEMBER ytaudio wait --session frank --timeout 60s
}

survives_kill() {
  local before=$(prop NRestarts) main=$(prop MainPID)
  drop bob https://youtu.be/TenMinutes1
  until_true 60 converting || die "no conversion to be killed in"
  until_true 10 status_says "1 running"; check "status line: $(prop StatusText)" status_says "1 running"
  local old=$(processes)
  kill -KILL "$main"
  check "kill -9: restarted" until_true 30 prop_is NRestarts $((before + 1))
  check "  active" until_true 30 prop_is ActiveState active
  # shellcheck disable=SC2086  # a list of numbers
  check "  no process of the old one is left, no ffmpeg" gone $old
  check "  the job was taken up again and completed" ytaudio wait --session bob --timeout 120s
  check "  without fetching it twice" same 1 "$(ask_youtube 'yt.fetches("TenMinutes1")')"
}

survives_a_hang() {
  local before=$(prop NRestarts) began=$SECONDS
  kill -STOP "$(prop MainPID)"
  check "SIGSTOP: the watchdog restarts it" until_true 100 prop_is NRestarts $((before + 1))
  check "  active after $((SECONDS - began)) s" until_true 30 prop_is ActiveState active
  check "  because of the watchdog" journal_has 'Watchdog timeout'
}

drains() {
  drop_in hurry TimeoutStopSec=3s
  drop carol https://youtu.be/SlowlyComes
  until_true 60 status_says "1 running" && until_true 20 test -n "$(named ytaudio-worker)" || die "no download to be drained"
  local began=$SECONDS
  systemctl stop $UNIT
  local took=$((SECONDS - began))
  check "systemctl stop waits for the running job ($took s)" test -f "$DATA/library/carol/Slow.mp3"
  check "  longer than TimeoutStopSec=3s, which it asked for" test $took -gt 4
  check "  and ends well" prop_is Result success
  check "  and leaves no process" test -z "$(processes)"
  rm "$DROP_INS/hurry.conf"; systemctl daemon-reload; systemctl start $UNIT
}

upgrades() {
  local before=$(readlink $CURRENT) main
  sed -i 's/^settle = .*/settle = "1s"/' $CONFIG
  drop dora https://youtu.be/TenMinutes2 https://youtu.be/SlowlyComes https://youtu.be/EEEEEEEEEEE \
    https://youtu.be/FFFFFFFFFFF https://youtu.be/GGGGGGGGGGG https://youtu.be/HHHHHHHHHHH
  until_true 60 status_says running || die "nothing runs"
  systemctl start $API
  chmod o+rx $DATA $DATA/inbox $DATA/downloads; rm /opt/ytaudio/closed-once # as an older version left them
  check "make install again, while jobs run" make_install
  check "  what was open to others is closed: $(mode $DATA), $(mode $DATA/downloads)" \
    not as $STRANGER ls $DATA $DATA/downloads $DATA/inbox 2>/dev/null
  check "  another folder is in use, the one before is still there" test "$before" != "$(readlink $CURRENT)" -a -d "/opt/ytaudio/$before"
  check "  active" systemctl --quiet is-active $UNIT
  check "  and so is the API, which ran" until_true 30 api_says 200 GET /api/health
  check "  no job was lost" as $MEMBER ytaudio wait --session dora --timeout 180s
  check "  six songs" same 6 "$(find $DATA/library/dora -type f | wc -l)"
  check "  none fetched twice" same 1 "$(ask_youtube 'max(yt.fetches(v) for v in ("TenMinutes2", "EEEEEEEEEEE", "FFFFFFFFFFF", "GGGGGGGGGGG", "HHHHHHHHHHH"))')"
  check "  the config is still ours" grep -q 'settle = "1s"' $CONFIG
  before=$(readlink $CURRENT) main=$(prop MainPID)
  PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS='' PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_RETRIES=0 PIP_NO_CACHE_DIR=1 make_install
  check "without a package index it fails" test $? -ne 0
  check "  and the old one runs on, untouched" test "$before $main" = "$(readlink $CURRENT) $(prop MainPID)"
  cp -a "$CHECKOUT" "$WORK/broken"
  sed -i '0,/^    os.umask/s//    raise SystemExit(1)\n    os.umask/' "$WORK/broken/ytaudio_daemon/daemon/start.py"
  make_install "$WORK/broken"
  check "a version that does not start is refused" test $? -ne 0
  check "  and the one before runs again" test "$before active" = "$(readlink $CURRENT) $(prop ActiveState)"
  cp -a "$CHECKOUT" "$WORK/migrates"
  printf '%s\n' 'revision, down_revision = "9999", "'"$(sed -n 's/^HEAD = "\(.*\)"/\1/p' "$CHECKOUT/ytaudio_daemon/ledger/migrate.py")"'"' \
    'def upgrade(): pass' >"$WORK/migrates/ytaudio_daemon/ledger/migrations/versions/9999_test.py"
  sed -i 's/^HEAD = .*/HEAD = "9999"/' "$WORK/migrates/ytaudio_daemon/ledger/migrate.py"
  sed -i 's/^        services = assemble(/        raise SystemExit(1)\n&/' "$WORK/migrates/ytaudio_daemon/daemon/start.py"
  make_install "$WORK/migrates"
  check "one that migrates the ledger and does not start is refused" test $? -ne 0
  check "  and the one before runs again" test "$before active" = "$(readlink $CURRENT) $(prop ActiveState)"
  check "  with all its jobs" test 6 = "$(json 'len(d["jobs"])' ytaudio jobs --session dora)"
  mv /usr/local/share/man/man1/ytaudio.1 "$WORK/ytaudio.1"; mkdir /usr/local/share/man/man1/ytaudio.1
  make_install
  check "a failure right behind the switch" test $? -ne 0
  check "  is taken back" test "$before active" = "$(readlink $CURRENT) $(prop ActiveState)" -a -x $CURRENT/bin/ytaudio
  rmdir /usr/local/share/man/man1/ytaudio.1; mv "$WORK/ytaudio.1" /usr/local/share/man/man1/
  cp -a "$CHECKOUT" "$WORK/hangs"
  sed -i '0,/^    os.umask/s//    time.sleep(3600)\n    os.umask/' "$WORK/hangs/ytaudio_daemon/daemon/start.py"
  setsid make --no-print-directory -C "$WORK/hangs" install >"$WORK/install.log" 2>&1 &
  local installer=$!
  until_true 180 is_switched "$before" && until_true 60 prop_is ActiveState activating || die "nothing is switched"
  kill -TERM -- -$installer; wait $installer
  check "an installation that is ended while a version starts" test $? -ne 0
  check "  is taken back" test "$before active" = "$(readlink $CURRENT) $(prop ActiveState)"
  sed -i 's/^# How many downloads run at the same time.*/& (or so)/' "$WORK/broken/config/ytaudio.toml"
  git -C "$WORK/broken" checkout -q ytaudio_daemon 2>/dev/null || cp "$CHECKOUT/ytaudio_daemon/daemon/start.py" "$WORK/broken/ytaudio_daemon/daemon/"
  check "a shipped config that has changed" make_install "$WORK/broken"
  check "  is laid beside ours, and said" test -f $CONFIG.new -a -n "$(grep 'diff' "$WORK/install.log")"
  check "  two folders are kept, no more" same 2 "$(find /opt/ytaudio -maxdepth 1 -name 'venv-*' | wc -l)"
}

refuses() {
  echo 'nonsense = 1' >>$CONFIG
  systemctl restart $UNIT 2>/dev/null && bad "a wrong config is accepted"
  check "a wrong config: failed, and not tried again" until_true 10 prop_is ActiveState failed
  check "  with status 2" prop_is ExecMainStatus 2
  check "  and the journal names the key" journal_has nonsense
  check "  and no upgrade is switched to" not make_install
  sed -i '$d' $CONFIG; systemctl reset-failed $UNIT; systemctl start $UNIT
}

uninstalls() {
  as ytaudio touch "$DATA/library/kept"
  make --no-print-directory -C "$CHECKOUT" uninstall >"$WORK/uninstall.log" 2>&1
  check "sudo make uninstall" test $? -eq 0
  check "  no unit, no command, no program" test -z "$(systemctl list-unit-files 'ytaudio*' --no-legend)$(ls -d /opt/ytaudio /usr/local/bin/ytaudio 2>/dev/null)"
  check "  audio, ledger, config and user stay" test -e $DATA/library/kept -a -s $DATA/state/ledger.sqlite3 -a -s $CONFIG -a -n "$(getent passwd ytaudio)"
  check "  and it says so" grep -q "rm -r $DATA" "$WORK/uninstall.log"
  make --no-print-directory -C "$CHECKOUT" uninstall >>"$WORK/uninstall.log" 2>&1
  check "  again does no harm" test $? -eq 0
  userdel -r $MEMBER 2>/dev/null; userdel -r $STRANGER 2>/dev/null
}

set_up
play_youtube
for part in ${*:-installs gets_ready boots is_locked_down confines renews works signs_in serves logs_in_fields reloads keeps_its_limits survives_kill survives_a_hang drains upgrades refuses uninstalls}; do
  echo "# $part"; $part
done
exit $FAILED
