#!/bin/bash
# Installs this checkout as the system service ytaudio-daemon, or removes it again.
#
#     sudo make install        the first time, and again for every upgrade
#     sudo make uninstall      data, config and user stay
#
# What lies where, and why: README.md beside this file. The program comes into a new
# folder and is switched to by one rename; a failure on the way or Ctrl-C leaves what was
# installed before as it was, or puts it back. A power cut leaves one of the two, whole.
set -euo pipefail
unset PYTHONPATH PYTHONHOME
umask 022

CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
HERE=$CHECKOUT/systemd
EXTRAS=bundled,postgres,api,notify
PREFIX=/opt/ytaudio
CURRENT=$PREFIX/current
CONFIG=/etc/ytaudio/ytaudio.toml
DATA=/srv/ytaudio
SERVICE=ytaudio-daemon.service
UNITS=(ytaudio-daemon.service ytaudio-name-servers.service ytaudio-name-servers.path)
# /usr/local/lib is for what administrators install; their own changes go to /etc, which
# goes before it, and are never touched here.
LIB=/usr/local/lib
COMMAND=/usr/local/bin/ytaudio
# There once the service was enabled: if it is not enabled now, somebody wants that.
ENABLED_ONCE=$PREFIX/enabled-once
MAN=/usr/local/share/man/man1
OWN_CHANGES=/etc/systemd/system/ytaudio-daemon.service.d # by `systemctl edit`

say() { echo "$*"; }
die() { printf 'ytaudio: %s\n' "$1" >&2; shift; printf '  %s\n' "$@" >&2; exit 1; }

need_root_and_systemd() { # for WHAT
  [ "$(id -u)" = 0 ] || die "this needs root" "sudo make $1"
  [ -d /run/systemd/system ] || die "systemd does not run this machine" \
    "Without it: make run, or pipx install '.[bundled]'; see docs/operations.md"
}

# --- install ---

install_all() {
  look_around
  build
  make_user_and_folders
  put_config
  switch
  start
  trap - EXIT # it runs
  tidy
  tell_what_next
}

look_around() {
  need_root_and_systemd install
  PYTHON=${PYTHON:-$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || command -v python3 || true)}
  command -v "$PYTHON" >/dev/null || die "there is no ${PYTHON:-python3}" "On Debian: apt install python3-venv"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed; $PYTHON is $("$PYTHON" --version 2>&1)" \
      "Name another one: sudo make install PYTHON=/usr/bin/python3.11"
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$PYTHON cannot make a virtual environment" "On Debian: apt install python3-venv"
  local home; home=$("$PYTHON" -c 'import sys; print(sys.base_prefix)')
  case $home/ in /home/*|/root/*|/run/user/*)
    die "$PYTHON lies in a home folder, which the service cannot see" \
      "Name another one: sudo make install PYTHON=/usr/bin/python3" ;;
  esac
  be_alone
  use_callers_index
}

be_alone() {
  exec 9>/run/ytaudio-install.lock
  flock -n 9 || die "another installation is under way"
}

use_callers_index() { # sudo hides the settings of pip that its caller has
  [ -z "${PIP_CONFIG_FILE:-}" ] && [ -n "${SUDO_USER:-}" ] || return 0
  local home file; home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
  for file in "$home/.config/pip/pip.conf" "$home/.pip/pip.conf"; do
    if [ -f "$file" ]; then export PIP_CONFIG_FILE=$file; fi
  done
}

build() { # into a folder of its own, beside the one in use
  NEW=$PREFIX/venv-$(date +%Y%m%d-%H%M%S)
  OLD=$(readlink "$CURRENT" || true)
  if [ ! -d "$CURRENT/" ]; then OLD=; fi # nothing, or a link to nothing
  say "Installing into $NEW (the first time some 200 MB are fetched) ..."
  install -d "$PREFIX"
  trap give_up EXIT
  "$PYTHON" -m venv "$NEW"
  PIP_USER=0 "$NEW/bin/python" -m pip install --quiet --disable-pip-version-check "$CHECKOUT[$EXTRAS]"
  VERSION=$(cd / && "$NEW/bin/ytaudio" --version && "$NEW/bin/python" -Ic 'import ytaudio_daemon.daemon')
  if [ -e $CONFIG ]; then
    (cd / && "$NEW/bin/ytaudio" --config $CONFIG config >/dev/null) ||
      die "$VERSION does not take $CONFIG" "Mend what is named above, then install again."
  fi
  install -d "$NEW/share/doc"
  cp -R "$HERE" "$NEW/share/systemd"
  cp -R "$CHECKOUT/docs" "$NEW/share/doc/ytaudio"
  sed 's|^root = .*|root = "/srv/ytaudio"|; s|^umask = .*|umask = "0002"|; s|^group = .*|group = "ytaudio"|' \
    "$CHECKOUT/config/ytaudio.toml" >"$NEW/share/ytaudio.toml"
  chmod -R u=rwX,go=rX "$NEW/share" # whatever umask the checkout was made with
  sync -f "$NEW" # before anything points there
}

give_up() { # at any moment until the new one is in use, also by Ctrl-C
  trap '' INT HUP TERM
  if [ "$(readlink "$CURRENT")" = "${NEW##*/}" ]; then
    if [ -n "$OLD" ]; then use "$OLD" || true; else forget_units && rm -f "$CURRENT"; fi
  fi
  rm -rf "$NEW"
  echo "ytaudio: not installed; what was there before is untouched" >&2
}

make_user_and_folders() {
  install -D -m 644 "$HERE/ytaudio.sysusers.conf" $LIB/sysusers.d/ytaudio.conf
  install -D -m 644 "$HERE/ytaudio.tmpfiles.conf" $LIB/tmpfiles.d/ytaudio.conf
  systemd-sysusers $LIB/sysusers.d/ytaudio.conf
  systemd-tmpfiles --create $LIB/tmpfiles.d/ytaudio.conf
  # The mode of an existing folder is the administrator's, but for this bit.
  [ ! -d /srv/ytaudio/downloads ] || chmod +t /srv/ytaudio/downloads
}

put_config() { # never over an administrator's
  local shipped=$NEW/share/ytaudio.toml
  install -d "${CONFIG%/*}"
  # For the group to read, and for nobody else: it may hold a proxy's password.
  if [ ! -e $CONFIG ]; then
    install -m 640 -g ytaudio "$shipped" $CONFIG
  elif [ -n "$OLD" ] && ! cmp -s "$shipped" "$PREFIX/$OLD/share/ytaudio.toml"; then
    install -m 640 -g ytaudio "$shipped" $CONFIG.new
    say "The shipped config has changed; yours stays. To compare: diff $CONFIG $CONFIG.new"
  fi
}

switch() {
  WAS_ENABLED=$(systemctl is-enabled $SERVICE 2>/dev/null || true)
  SWITCHED=$NEW/switched # younger than it is what the new one did
  touch "$SWITCHED"
  use "${NEW##*/}"
  trap fall_back EXIT # until it runs, also by Ctrl-C
  ln -sfn $CURRENT/bin/ytaudio $COMMAND
}

use() { # FOLDER: one rename, and on the disk then; with the units that belong to it
  ln -sfn "$1" $CURRENT.new
  mv -T $CURRENT.new $CURRENT
  sync -f $PREFIX
  local unit
  for unit in "${UNITS[@]}"; do
    install -D -m 644 "$CURRENT/share/systemd/$unit" "$LIB/systemd/system/$unit"
  done
  install -D -m 644 -t $MAN $CURRENT/share/man/man1/ytaudio.1
  systemctl daemon-reload
}

start() { # a restart lets running jobs finish, for 90 s; the rest is done again after it
  case $WAS_ENABLED in
    masked*) say "The service stays as you left it: $WAS_ENABLED."; return ;;
    disabled)
      if [ -e $ENABLED_ONCE ]; then
        say "The service stays as you left it: disabled."
        systemctl try-restart $SERVICE
        return
      fi ;;
  esac
  systemctl enable --quiet $SERVICE
  touch $ENABLED_ONCE
  if systemctl --quiet is-active $SERVICE; then say "Restarting; running jobs get 90 s to finish ..."; fi
  systemctl restart $SERVICE
}

fall_back() { # whatever fails here, the service is started again
  trap - EXIT
  trap '' INT HUP TERM
  set +e
  journalctl -u $SERVICE -n 15 --no-pager -o cat >&2
  if [ -z "$OLD" ]; then
    die "it is installed, but has not started; its last words stand above" \
      "journalctl -u ytaudio-daemon; ytaudio doctor"
  fi
  systemctl stop $SERVICE
  use "$OLD"
  take_migration_back
  systemctl reset-failed $SERVICE 2>/dev/null
  if systemctl restart $SERVICE; then
    rm -rf "$NEW"
    die "$VERSION has not started, its last words stand above; the one before runs again"
  fi
  die "neither $VERSION nor the one before starts" "journalctl -u ytaudio-daemon; ytaudio doctor"
}

take_migration_back() { # the program before cannot read what the new one has migrated
  local copies copy
  copies=$(cd / && "$NEW/bin/ytaudio" --config $CONFIG config --json | "$NEW/bin/python" -Ic '
import json, os, sys
kind, _, file = json.load(sys.stdin)["settings"]["database.url"]["value"].partition(":///")
print(os.path.dirname(file) + "/backups" if kind == "sqlite" else "")')
  if [ ! -d "$copies" ]; then return; fi
  copy=$(find "$copies" -type f -name 'ledger-schema-*.sqlite3' -newer "$SWITCHED" | sort | tail -n 1)
  if [ -z "$copy" ]; then return; fi
  say "The ledger was migrated already; the copy made before goes back: $copy" >&2
  (cd / && "$CURRENT/bin/ytaudio" --config $CONFIG ledger restore "$copy" >&2) ||
    say "It could not be put back. Do what is named above, then:
  sudo ytaudio ledger restore $copy && sudo systemctl restart $SERVICE" >&2
}

tidy() { # the one before stays: commands that run just now still need it
  local folder
  for folder in $PREFIX/venv-*; do
    case ${folder##*/} in "${NEW##*/}"|"$OLD") ;; *) rm -rf "$folder" ;; esac
  done
}

tell_what_next() {
  say "
$VERSION is installed; $(systemctl show $SERVICE -p ActiveState --value). What next, in any folder
but a checkout, whose config/ytaudio.toml would go before $CONFIG:

  sudo usermod -aG ytaudio NAME        NAME may drop links, read the status, take the audio
                                       (from the next login on)
  ytaudio add https://youtu.be/...     or put a text file with links into $DATA/inbox/NAME/
  ls $DATA/library/             the audio
  ytaudio status; ytaudio doctor       how it stands, and what is missing
  sudo systemctl reload ytaudio        after a change in $CONFIG
  sudo make install                    again, for an upgrade"
}

# --- uninstall ---

uninstall_all() {
  need_root_and_systemd uninstall
  be_alone
  if systemctl cat $SERVICE >/dev/null 2>&1; then
    say "Stopping; running jobs get 90 s to finish, the rest is kept for another time ..."
    systemctl disable --quiet --now "${UNITS[@]}" 2>/dev/null || systemctl stop $SERVICE
  fi
  forget_units
  rm -f $LIB/sysusers.d/ytaudio.conf $LIB/tmpfiles.d/ytaudio.conf $MAN/ytaudio.1
  rm -f /run/systemd/system/$SERVICE.d/10-name-servers.conf
  if [ "$(readlink $COMMAND)" = $CURRENT/bin/ytaudio ]; then rm $COMMAND; fi
  rm -rf $CURRENT $CURRENT.new $PREFIX/venv-* $ENABLED_ONCE
  rmdir $PREFIX 2>/dev/null || true # somebody else's files, or a disk of its own
  systemctl daemon-reload
  systemctl reset-failed $SERVICE 2>/dev/null || true
  say "
The program is gone. What stays, and how to remove it:

  $DATA          audio, drops, ledger      rm -r $DATA
  ${CONFIG%/*}          settings                  rm -r ${CONFIG%/*}"
  if [ -d $OWN_CHANGES ]; then say "  your changes of the unit                 rm -r $OWN_CHANGES"; fi
  say "\
  user and group ytaudio                   userdel ytaudio; groupdel ytaudio"
}

forget_units() {
  local unit
  for unit in "${UNITS[@]}"; do rm -f "$LIB/systemd/system/$unit"; done
}

case ${1:-} in
  install) install_all ;;
  uninstall) uninstall_all ;;
  *) die "usage: install.sh install|uninstall" ;;
esac
