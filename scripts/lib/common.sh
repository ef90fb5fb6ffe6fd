# Messages, tools, ports and processes. Sourced by scripts/penstock.
# shellcheck shell=bash

REST_PORT=${PENSTOCK_REST_PORT:-8081}
JOBMANAGER_PORT=${PENSTOCK_JOBMANAGER_PORT:-6123}
BLOB_PORT=${PENSTOCK_BLOB_PORT:-6124}
METRICS_PORTS=${PENSTOCK_METRICS_PORTS:-9249-9268}
KAFKA_PORT=${PENSTOCK_KAFKA_PORT:-9092}
KAFKA_CONTROLLER_PORT=${PENSTOCK_KAFKA_CONTROLLER_PORT:-9093}

FLINK_HOME_DIR=$HOME_DIR/flink
KAFKA_HOME_DIR=$HOME_DIR/kafka
RUN_DIR=$HOME_DIR/run # pid files
LOG_DIR=$HOME_DIR/log # logs of builds and downloads; Flink's are in flink/log, Kafka's in kafka/log

say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'penstock: %s\n' "$1" >&2
  shift
  [[ $# -eq 0 ]] || printf '  %s\n' "$@" >&2
  exit 1
}

die_usage() {
  printf "penstock: %s\n  '%s --help' lists what there is\n" "$1" "$SELF${2:+ $2}" >&2
  exit 2
}

# --- progress -----------------------------------------------------------------------------------------------------------------

# watch_pid WHAT PID [LOG]: while the child runs, tell the seconds (and the last step in a Maven log); returns its exit code.
watch_pid() {
  local what=$1 pid=$2 log=${3:-} start=$SECONDS told=0 step=''
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS - start >= 2)); then
      [[ -z $log ]] || step=$(grep -aE '^\[INFO\] (---|Building )' "$log" 2>/dev/null | tail -n 1 | sed -E 's/^\[INFO\] (--- )?//; s/ ---$//; s/ -+>?$//' || true)
      if [[ -t 2 ]]; then
        printf '\r\033[K%s ... %d s  %s' "$what" $((SECONDS - start)) "${step:0:80}" >&2
      elif ((SECONDS - start >= told + 20)); then
        told=$((SECONDS - start))
        say "$what ... $told s  $step"
      fi
    fi
    sleep 0.2
  done
  [[ -t 2 ]] && ((SECONDS - start >= 2)) && printf '\r\033[K' >&2
  wait "$pid"
}

# logged WHAT LOG COMMAND...: runs a command with its output in a file; on failure shows the file's end and stops.
logged() {
  local what=$1 log=$2 pid code=0
  shift 2
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # shellcheck disable=SC2064 # the pid of now
  trap "kill $pid 2>/dev/null || true; exit 130" INT TERM
  watch_pid "$what" "$pid" "$log" || code=$?
  trap - INT TERM
  if [[ $code -ne 0 ]]; then
    grep -aE '^\[ERROR\]|^ERROR|rror:' "$log" | head -n 25 >&2 || tail -n 25 "$log" >&2
    die "$what failed (exit code $code)" "the whole output is in $log"
  fi
}

# wait_until SECONDS WHAT CONDITION...: polls a condition with progress; false when the time is over.
wait_until() {
  local limit=$1 what=$2 start=$SECONDS shown=0
  shift 2
  until "$@"; do
    if ((SECONDS - start >= limit)); then
      ((shown == 0)) || printf '\n' >&2
      return 1
    fi
    if [[ -t 2 ]] && ((SECONDS - start >= 2)); then
      printf '\r\033[K%s ... %d s' "$what" $((SECONDS - start)) >&2
      shown=1
    fi
    sleep 0.2
  done
  ((shown == 0)) || printf '\r\033[K' >&2
}

# --- tools --------------------------------------------------------------------------------------------------------------------

# Sets JAVA to the java of a JDK 17.
require_java() {
  [[ -z ${JAVA:-} ]] || return 0
  local home=${JAVA_HOME:-} version
  if [[ -n $home ]]; then
    JAVA=$home/bin/java
    [[ -x $JAVA ]] || die "JAVA_HOME=$home has no bin/java" "set JAVA_HOME to a JDK 17, or unset it"
  else
    JAVA=$(command -v java || true)
    [[ -n $JAVA ]] || die "JDK 17 is missing: no java on the PATH and JAVA_HOME is not set" \
      "Debian, Ubuntu: apt-get install openjdk-17-jdk-headless" "elsewhere: install any JDK 17 and set JAVA_HOME to it"
    home=$(dirname "$(dirname "$(readlink -f "$JAVA")")")
  fi
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null || true)
  [[ -n $version ]] || version=$("$JAVA" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [[ $version == 17 ]] || die "JDK 17 is needed, but $JAVA is of version ${version:-unknown}" \
    "Debian, Ubuntu: apt-get install openjdk-17-jdk-headless; then set JAVA_HOME to it"
  [[ -x $home/bin/javac ]] || die "JDK 17 is needed, but $home is a runtime without javac" \
    "Debian, Ubuntu: apt-get install openjdk-17-jdk-headless"
  export JAVA_HOME=$home
}

require_maven() {
  require_java
  command -v mvn >/dev/null || die "Maven is missing: no mvn on the PATH" "Debian, Ubuntu: apt-get install maven (3.8.7 or later)"
}

require_python() {
  command -v python3 >/dev/null || die "Python 3 is missing (it fetches the sample model)" \
    "Debian, Ubuntu: apt-get install python3 python3-pip" "or bring a model of your own: submit --model-path FILE"
  python3 -m pip --version >/dev/null 2>&1 || die "Python 3 has no pip (it fetches the sample model)" \
    "Debian, Ubuntu: apt-get install python3-pip" "or bring a model of your own: submit --model-path FILE"
}

# --- one at a time ------------------------------------------------------------------------------------------------------------

# Holds the lock FILE until the script ends; processes that outlive the script are started with 8>&- 9>&-.
lock() {
  local fd=$1 file=$2
  mkdir -p "$(dirname "$file")"
  eval "exec $fd>\"\$file\""
  if ! flock -n "$fd"; then
    say "waiting for another penstock command ($file)"
    flock "$fd"
  fi
}

# --- network ------------------------------------------------------------------------------------------------------------------

# http_get PATH: body of a GET on Flink's REST API; false if it does not answer with 200.
http_get() {
  local response
  response=$({
    exec 3<>"/dev/tcp/127.0.0.1/$REST_PORT" || exit 1
    printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$1" >&3
    timeout 10 cat <&3
  } 2>/dev/null) || return 1
  [[ $response == HTTP/*' 200 '* ]] || return 1
  printf '%s' "${response#*$'\r\n\r\n'}"
}

# json_number BODY FIELD: the first number of that name.
json_number() {
  [[ $1 =~ \"$2\":([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# require_free_port PORT WHAT VARIABLE
require_free_port() {
  [[ $1 =~ ^[0-9]+$ && $1 -ge 1 && $1 -le 65535 ]] || die "$3=$1 is no port" "give a number from 1 to 65535"
  ! port_open "$1" || die "port $1 ($2) is in use by another process" "stop that one, or choose another port: $3=<port> scripts/penstock ..."
}

# --- processes ----------------------------------------------------------------------------------------------------------------
# A pid file holds the pid and the process's start time in clock ticks since boot: together they name one process for ever.

start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # fields
  set -- $stat
  [[ $1 != Z ]] && printf '%s' "${20}"
}

# pid_of NAME: prints the pid if that process of ours runs.
pid_of() {
  local pid start
  [[ -f $RUN_DIR/$1.pid ]] || return 1
  read -r pid start <"$RUN_DIR/$1.pid" || return 1
  [[ -n $start && $(start_time "$pid") == "$start" ]] && printf '%s' "$pid"
}

runs() { pid_of "$1" >/dev/null; }

# start NAME OUTPUT COMMAND...: starts a process that outlives the script.
start() {
  local name=$1 output=$2 pid
  shift 2
  mkdir -p "$RUN_DIR" "$(dirname "$output")"
  (cd "$HOME_DIR" && exec setsid nohup "$@" >"$output" 2>&1 </dev/null 8>&- 9>&-) &
  pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$RUN_DIR/$name.pid"
}

# stop NAME...: ends processes of ours, gracefully at first, and waits until they are gone.
stop() {
  local name pid left
  for name in "$@"; do
    ! pid=$(pid_of "$name") || kill "$pid" 2>/dev/null || true
  done
  # shellcheck disable=SC2329 # called through wait_until
  none_runs() {
    local one
    for one in "$@"; do ! runs "$one" || return 1; done
  }
  if ! wait_until 20 "stopping $*" none_runs "$@"; then
    left=''
    for name in "$@"; do
      if pid=$(pid_of "$name"); then
        left+=" $name"
        kill -9 "$pid" 2>/dev/null || true
      fi
    done
    say "killed after 20 s:$left"
    wait_until 10 "killing$left" none_runs "$@" || die "still there after kill -9:$left"
  fi
  for name in "$@"; do rm -f "$RUN_DIR/$name".{pid,id}; done
}

# --- options ------------------------------------------------------------------------------------------------------------------

# option_value NAME [VALUE] or NAME=VALUE: sets VALUE, and TAKEN to how many arguments it took.
option_value() {
  if [[ $1 == *=* ]]; then
    VALUE=${1#*=} TAKEN=1
  else
    [[ $# -ge 2 ]] || die_usage "$1 needs a value"
    # shellcheck disable=SC2034 # read by the caller
    VALUE=$2 TAKEN=2
  fi
}

# has_option NAME ARGUMENTS...: whether NAME or NAME=... is among them.
has_option() {
  local name=$1 argument
  shift
  for argument in "$@"; do
    [[ $argument != "$name" && $argument != "$name="* ]] || return 0
  done
  return 1
}

wants_help() { has_option --help "$@" || has_option -h "$@"; }
