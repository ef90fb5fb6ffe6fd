# What this machine has of what Penstock needs: doctor. Needs nothing but bash and coreutils. Sourced by scripts/penstock.
# shellcheck shell=bash

DOCTOR_JSON=''     # not empty: collect, and print JSON at the end
DOCTOR_FOUND=()    # the checks as JSON objects
DOCTOR_PROBLEMS=0  # what is in the way
DOCTOR_WARNINGS=0  # what costs speed, or will be in the way later

# What the sample job takes with three TaskManagers, and what a first build and its downloads take.
DOCTOR_MEMORY_MB=4000
DOCTOR_DISK_MB=1500
DOCTOR_BUILT_DISK_MB=300

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//[$'\n\t\r']/ }
  printf '"%s"' "${text//[[:cntrl:]]/}"
}

# found ok|warning|problem NAME WHAT [WHAT-TO-DO]
found() {
  local status=$1 name=$2 what=$3 advice=${4:-}
  case $status in
    problem) DOCTOR_PROBLEMS=$((DOCTOR_PROBLEMS + 1)) ;;
    warning) DOCTOR_WARNINGS=$((DOCTOR_WARNINGS + 1)) ;;
  esac
  if [[ -n $DOCTOR_JSON ]]; then
    DOCTOR_FOUND+=("{\"name\":$(json_string "$name"),\"status\":\"$status\",\"found\":$(json_string "$what"),\"advice\":$([[ -n $advice ]] && json_string "$advice" || printf null)}")
  else
    printf '%-8s %-20s %s\n' "$status" "$name" "$what"
    [[ -z $advice ]] || printf '%-8s %-20s   -> %s\n' '' '' "$advice"
  fi
}

# refused NAME STATUS FUNCTION: runs a require_… apart; if it dies, its words become the finding, and this is true.
refused() {
  local name=$1 status=$2 words advice
  shift 2
  ! words=$("$@" 2>&1 >/dev/null) || return 1
  advice=$(sed 1d <<<"$words" | sed 's/^  *//' | paste -sd ';' - | sed 's/;/; /g')
  words=$(sed -n '1s/^penstock: //p' <<<"$words")
  found "$status" "$name" "$words" "$advice"
}

# --- the machine --------------------------------------------------------------------------------------------------------------

doctor_system() {
  local system libc tool missing=''
  system="$(uname -s) $(uname -m)"
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || true)
  if [[ $system != 'Linux x86_64' ]]; then
    found problem system "$system" "the native libraries are for Linux on x86-64 only"
  elif [[ -z $libc ]]; then
    found problem system "$system without glibc" "the native libraries need glibc; on Alpine take a Debian-based image"
  else
    found ok system "$system, $libc, kernel $(uname -r)"
  fi
  for tool in flock setsid awk sed grep find sha256sum cksum readlink timeout; do
    command -v "$tool" >/dev/null || missing+=" $tool"
  done
  [[ -z $missing ]] || found problem tools "missing:$missing" "Debian, Ubuntu: apt-get install util-linux coreutils findutils gawk"
}

doctor_java() {
  local release vendor version
  ! refused JDK problem require_java || return 0
  require_java
  release=$JAVA_HOME/release
  version=$(sed -n 's/^JAVA_RUNTIME_VERSION="\(.*\)"/\1/p; s/^JAVA_VERSION="\(.*\)"/\1/p' "$release" 2>/dev/null | tail -n 1 || true)
  vendor=$(sed -n 's/^IMPLEMENTOR="\(.*\)"/\1/p' "$release" 2>/dev/null || true)
  found ok JDK "${version:-17}${vendor:+ of $vendor}, $JAVA"
  if "$JAVA" --list-modules 2>/dev/null | grep -q '^jdk.incubator.vector@'; then
    found ok 'Vector API' 'jdk.incubator.vector is there'
  else
    found warning 'Vector API' 'this JDK has no module jdk.incubator.vector: the cpu backend is slow without it' \
      'take a full JDK 17: apt-get install openjdk-17-jdk-headless'
  fi
}

# Maven is in the way only where something is to be built.
doctor_maven() {
  local status=problem version
  ! build_is_fresh || status=warning
  if ! command -v mvn >/dev/null; then
    found $status Maven 'no mvn on the PATH' 'Debian, Ubuntu: apt-get install maven (3.8.7 or later)'
  elif [[ -z ${JAVA:-} ]]; then
    found ok Maven "$(command -v mvn); its version was not asked for, without a JDK 17"
  elif ! version=$(mvn -v 2>/dev/null | sed 's/\x1b\[[0-9;]*m//g' | sed -n 's/^Apache Maven \([0-9.]*\).*/\1/p') || [[ -z $version ]]; then
    found $status Maven "mvn -v fails: $(command -v mvn)" 'mvn -v says why'
  elif [[ $(printf '%s\n' 3.8.7 "$version" | sort -V | head -n 1) != 3.8.7 ]]; then
    found $status Maven "$version, $(command -v mvn)" '3.8.7 or later is needed: apt-get install maven, or unpack one of Apache'\''s and put its bin/ on the PATH'
  else
    found ok Maven "$version, $(command -v mvn)"
  fi
}

# Python fetches the sample model, and nothing else needs it.
doctor_python() {
  local status=problem venv=''
  [[ ! -f $MODEL_FILE ]] || status=warning
  ! refused Python $status require_python || return 0
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || venv='; no venv, which the test of the Python example needs: apt-get install python3-venv'
  found ok Python "$(python3 -c 'import platform; print(platform.python_version())'), $(python3 -m pip --version | cut -d' ' -f1,2), $(command -v python3)$venv"
}

doctor_optional() {
  local name
  for name in git node; do
    if command -v "$name" >/dev/null; then
      found ok "$name" "$("$name" --version 2>/dev/null | head -n 1)"
    else
      found ok "$name" 'not there; nothing needs it, but bench prefill --peer to run llama.cpp'
    fi
  done
}

doctor_memory() {
  local total available limit='' cores
  total=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
  available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
  # A container's limit counts where it is the smaller one.
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true)
  if [[ $limit =~ ^[0-9]{1,18}$ ]] && ((limit / 1048576 < total)); then
    total=$((limit / 1048576))
    ((available < total)) || available=$total
  fi
  if runs jobmanager || ((available >= DOCTOR_MEMORY_MB)); then
    found ok memory "$available MiB free of $total MiB"
  else
    found warning memory "$available MiB free of $total MiB; the sample job with three TaskManagers takes about $DOCTOR_MEMORY_MB MiB" \
      'close something, or: up --taskmanagers 2, and submit with a smaller --max-total-tokens'
  fi
  cores=$(nproc)
  if ((cores >= 2)); then
    found ok cores "$cores"
  else
    found warning cores "$cores" 'all stages share it: right, but no faster than one stage'
  fi
}

doctor_disk() {
  local folder=$HOME_DIR free need=$DOCTOR_DISK_MB
  while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
  free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
  ! build_is_fresh || need=$DOCTOR_BUILT_DISK_MB
  if ((free >= need)); then
    found ok disk "$free MiB free for $HOME_DIR"
  else
    found problem disk "$free MiB free for $HOME_DIR; jars, model and logs take up to $need MiB" 'make room, or set PENSTOCK_HOME to a folder on another disk'
  fi
  [[ -w $folder ]] || found problem disk "$folder is not writable" 'set PENSTOCK_HOME to a folder that is'
}

doctor_instructions() {
  local flag flags has=''
  flags=" $(sed -n 's/^flags[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1) "
  for flag in avx2 fma avx512f avx512_bf16 avx512_vnni avx_vnni amx_bf16; do
    [[ $flags != *" $flag "* ]] || has+=" $flag"
  done
  if [[ $has != *avx2* ]]; then
    found warning instructions "${has:- none of AVX2, AVX-512, AMX}" 'the cpu backend works, slowly; take a machine with AVX2 or better'
  else
    found ok instructions "${has# }"
  fi
}

# Asks the cpu backend itself, in a JVM with the flags of a TaskManager.
doctor_backend() {
  local output name='cpu backend'
  if [[ -z ${JAVA:-} ]]; then
    found warning "$name" 'not asked: no JDK 17' 'see JDK above'
  elif [[ ! -d $UDF_TARGET/lib ]]; then
    found ok "$name" 'not asked: not built yet; once built, doctor tells which way oneDNN takes'
  elif output=$("$JAVA" --add-modules jdk.incubator.vector -cp "$(udf_jars | paste -sd : -):$UDF_TARGET/lib/*" \
    io.penstock.udf.backend.DescribeBackend cpu auto 2>&1); then
    found ok "$name" "$(grep -v '^WARNING: Using incubator' <<<"$output" | tail -n 1)"
  elif [[ $output == *'Could not find or load main class'* ]] && ! build_is_fresh; then
    found ok "$name" 'not asked: what is built is too old to be asked'
  else
    found problem "$name" "$(grep -vE '^WARNING|^[[:space:]]*at ' <<<"$output" | head -n 1 | sed 's/^Exception in thread "main" //')" \
      "$(backend_advice "$output")"
  fi
}

backend_advice() {
  case $1 in
    *GLIBC_*) printf 'this glibc is too old for the native libraries: take a newer distribution (Debian 11, Ubuntu 20.04, or later)' ;;
    *UnsatisfiedLinkError* | *'no jni'*) printf 'a native library does not load; if it says noexec, set -Djava.io.tmpdir to a folder where programs may run' ;;
    *ClassNotFound* | *'Could not find or load'*) printf 'the build is not whole: rm -r target, then any command builds anew' ;;
    *) printf -- '--backend reference works everywhere, slowly' ;;
  esac
}

doctor_gpu() {
  local smi
  if smi=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null) && [[ -n $smi ]]; then
    found ok GPU "$(paste -sd ';' - <<<"$smi")"
  elif compgen -G '/dev/nvidia[0-9]*' >/dev/null; then
    found warning GPU 'there is a device, and no driver that answers' 'nvidia-smi says why; the cpu backend needs none'
  elif ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'; then
    found ok GPU 'a driver (libcuda.so.1) and no device: fine, the cpu backend is used'
  else
    found ok GPU 'none: fine, the cpu backend is used'
  fi
}

# --- ports --------------------------------------------------------------------------------------------------------------------

# listeners PORT: inodes of the sockets that listen on it.
listeners() {
  awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# owner_of INODE: pid of the process that holds the socket, if we may see it.
owner_of() {
  local link
  link=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$1\]" -print -quit 2>/dev/null || true)
  [[ $link =~ ^/proc/([0-9]+)/ ]] && printf '%s' "${BASH_REMATCH[1]}"
}

is_ours() {
  local name
  for name in kafka jobmanager $(taskmanagers); do
    [[ $(pid_of "$name") != "$1" ]] || return 0
  done
  return 1
}

# port PORT WHAT VARIABLE
doctor_port() {
  local name="port $1" inode pid
  if [[ ! $1 =~ ^[0-9]{1,5}$ ]] || (($1 < 1 || $1 > 65535)); then
    found problem "$2" "$3=$1 is no port" 'give a number from 1 to 65535'
    return 0
  fi
  inode=$(listeners "$1" | head -n 1)
  if [[ -z $inode ]]; then
    found ok "$name" "free ($2)"
  elif pid=$(owner_of "$inode") && is_ours "$pid"; then
    found ok "$name" "ours, pid $pid ($2)"
  elif [[ -n $pid ]]; then
    found problem "$name" "taken by pid $pid, $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-60 | sed 's/ *$//') ($2)" \
      "stop it, or choose another port: export $3=<port>"
  else
    found problem "$name" "taken by a process of another user ($2)" "choose another port: export $3=<port>"
  fi
}

doctor_ports() {
  local first last port pid inode usable=0
  doctor_port "$REST_PORT" "Flink's web UI and REST API" PENSTOCK_REST_PORT
  doctor_port "$JOBMANAGER_PORT" JobManager PENSTOCK_JOBMANAGER_PORT
  doctor_port "$BLOB_PORT" "Flink's blob server" PENSTOCK_BLOB_PORT
  doctor_port "$KAFKA_PORT" Kafka PENSTOCK_KAFKA_PORT
  doctor_port "$KAFKA_CONTROLLER_PORT" "Kafka's controller" PENSTOCK_KAFKA_CONTROLLER_PORT
  [[ $METRICS_PORTS =~ ^([0-9]+)(-([0-9]+))?$ ]] || {
    found problem 'metrics ports' "PENSTOCK_METRICS_PORTS=$METRICS_PORTS is no range" 'write it like 9249-9268'
    return 0
  }
  first=${BASH_REMATCH[1]} last=${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}
  ((first != 0)) || return 0 # any free ones
  for ((port = first; port <= last && port < first + 100; port++)); do
    inode=$(listeners "$port" | head -n 1)
    if [[ -z $inode ]] || { pid=$(owner_of "$inode") && is_ours "$pid"; }; then usable=$((usable + 1)); fi
  done
  if ((usable >= 4)); then
    found ok 'metrics ports' "$usable of $METRICS_PORTS free or ours"
  else
    found problem 'metrics ports' "$usable of $METRICS_PORTS free or ours; the JobManager and each TaskManager take one" \
      'choose others: export PENSTOCK_METRICS_PORTS=<first>-<last>'
  fi
}

# --- what Penstock has made -----------------------------------------------------------------------------------------------------

doctor_build() {
  if build_is_fresh; then
    found ok build 'up to date'
  elif [[ -f $JOB_JAR ]]; then
    found ok build 'older than the sources: the next command builds anew'
  else
    found ok build 'not built yet: the first command builds, for minutes, with several hundred MB of downloads'
  fi
}

# missing_jars LIB: jars of the current build that a lib/ lacks or has in another version.
missing_jars() {
  local jar
  while IFS= read -r jar; do cmp -s "$jar" "$1/${jar##*/}" || printf '%s\n' "${jar##*/}"; done < <(udf_jars)
}

doctor_own_flink() {
  local lacks
  if [[ ! -d $FLINK_HOME_DIR/lib ]]; then
    found ok 'own Flink home' "not made yet: up and submit make $FLINK_HOME_DIR"
  elif [[ ! -d $UDF_TARGET/lib ]]; then
    found ok 'own Flink home' "$FLINK_HOME_DIR; nothing is built to compare it with"
  elif lacks=$(missing_jars "$FLINK_HOME_DIR/lib") && [[ -n $lacks ]]; then
    found ok 'own Flink home' "$FLINK_HOME_DIR is of an older build: up renews it"
  else
    found ok 'own Flink home' "$FLINK_HOME_DIR, as built"
  fi
}

doctor_given_flink() {
  local home=$1 dist lacks name='given Flink home' prepare
  prepare="scripts/penstock prepare --write-config $home; then restart the cluster"
  dist=$(find "$home/lib" -maxdepth 1 \( -name 'flink-dist-*.jar' -o -name 'flink-runtime-2*.jar' \) 2>/dev/null | head -n 1 || true)
  if [[ -z $dist || ! -d $home/conf ]]; then
    found problem "$name" "'$home' is no Flink home: it has no lib/flink-dist-*.jar or no conf/" 'name the folder that holds bin, conf and lib'
    return 0
  fi
  if [[ $dist != *-2.2.* ]]; then
    found problem "$name" "${dist##*/}" 'Penstock is built for Flink 2.2'
    return 0
  fi
  if [[ ! -d $UDF_TARGET/lib ]]; then
    found warning "$name" "${dist##*/}; nothing is built to compare its lib/ with" "$prepare"
  elif [[ ! -f $home/lib/.penstock-jars ]]; then
    found problem "$name" "${dist##*/}; not prepared" "$prepare"
  elif lacks=$(missing_jars "$home/lib") && [[ -n $lacks ]]; then
    found problem "$name" "${dist##*/}; prepared from another build: $(paste -sd ' ' - <<<"$lacks" | cut -c1-200)" "$prepare"
  else
    found ok "$name" "${dist##*/}; prepared, as built"
  fi
  if has_cluster_flag "$home/conf/config.yaml"; then
    found ok 'its JVM flags' "env.java.opts.all has $CLUSTER_FLAG"
  else
    found warning 'its JVM flags' "env.java.opts.all lacks $CLUSTER_FLAG: the cpu backend is slow without it" "$prepare"
  fi
}

doctor_model() {
  if [[ ! -f $MODEL_FILE ]]; then
    found ok 'sample model' 'not fetched yet: quickstart, submit and local fetch it (98 MB)'
  elif sha256_is "$MODEL_FILE" "$MODEL_SHA256"; then
    found ok 'sample model' "$MODEL_FILE"
  else
    found problem 'sample model' "$MODEL_FILE is not the expected file" "scripts/penstock model fetch replaces it"
  fi
}

doctor_running() {
  local name pid jobs tms
  if ! pid=$(pid_of kafka); then
    found ok Kafka 'not running: scripts/penstock up starts it'
  elif kafka_answers; then
    found ok Kafka "runs, pid $pid"
  else
    found problem Kafka "pid $pid does not answer at 127.0.0.1:$KAFKA_PORT" "scripts/penstock logs kafka; then down and up"
  fi
  if ! pid=$(pid_of jobmanager); then
    found ok Flink 'not running: scripts/penstock up starts it'
  elif tms=$(registered_taskmanagers); then
    found ok Flink "runs, pid $pid, TaskManagers: $tms, $(web_url)"
  else
    found problem Flink "pid $pid does not answer at $(web_url)" "scripts/penstock logs jobmanager; then down and up"
  fi
  for name in $(taskmanagers); do
    runs "$name" || found problem "$name" 'ended' "scripts/penstock logs $name; up starts it again"
  done
}

# --- the command --------------------------------------------------------------------------------------------------------------

cmd_doctor() {
  local home=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      -h | --help)
        cat <<USAGE
Usage: scripts/penstock doctor [--json] [FLINK_HOME]
Looks at this machine and says what Penstock needs and does not find: JDK, Maven, Python, memory, disk, instruction sets, the cpu
backend, GPU, ports, Flink homes, the sample model, what runs. Each line: ok, warning or problem, what was found, and what to do
about it. Changes nothing and builds nothing. Exit code 0 if nothing is in the way, else 1.
  --json        {"ok", "problems", "warnings", "checks": [{"name", "status", "found", "advice"}]} on one line
  FLINK_HOME    a Flink home of your own to look at as well: is it prepared, and of this build
USAGE
        return 0
        ;;
      --json) DOCTOR_JSON=1 ;;
      -*) die_usage "doctor: unknown option '$1'" doctor ;;
      *)
        [[ -z $home ]] || die_usage "doctor: more than one FLINK_HOME: '$home' and '$1'" doctor
        home=$1
        ;;
    esac
    shift
  done
  doctor_system
  doctor_java
  doctor_maven
  doctor_python
  doctor_optional
  doctor_memory
  doctor_disk
  doctor_instructions
  doctor_gpu
  doctor_ports
  doctor_build
  doctor_backend
  doctor_model
  doctor_own_flink
  [[ -z $home ]] || doctor_given_flink "$home"
  doctor_running
  if [[ -n $DOCTOR_JSON ]]; then
    printf '{"ok":%s,"problems":%d,"warnings":%d,"checks":[%s]}\n' "$( ((DOCTOR_PROBLEMS == 0)) && printf true || printf false)" \
      "$DOCTOR_PROBLEMS" "$DOCTOR_WARNINGS" "$(IFS=, && printf '%s' "${DOCTOR_FOUND[*]}")"
  elif ((DOCTOR_PROBLEMS > 0)); then
    printf '\nin the way: %d, see "problem" above\n' "$DOCTOR_PROBLEMS"
  else
    printf '\nnothing is in the way\n'
  fi
  ((DOCTOR_PROBLEMS == 0)) || return 1
}
