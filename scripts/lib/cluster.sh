# Kafka and Flink on this machine: up, down, status, logs. Sourced by scripts/penstock.
# shellcheck shell=bash

KAFKA_READY_SECONDS=60
FLINK_READY_SECONDS=90

web_url() { printf 'http://127.0.0.1:%s' "$REST_PORT"; }

# Names of the TaskManagers that have a pid file, in order.
taskmanagers() {
  local file
  for file in "$RUN_DIR"/taskmanager-*.pid; do
    [[ ! -f $file ]] || basename "$file" .pid
  done | sort -t- -k2n
}

running_taskmanagers() {
  local name
  for name in $(taskmanagers); do ! runs "$name" || printf '%s\n' "$name"; done
}

# --- Kafka --------------------------------------------------------------------------------------------------------------------

# An ApiVersions request, version 0; true if the broker answers it.
kafka_answers() {
  local size
  size=$({
    exec 3<>"/dev/tcp/127.0.0.1/$KAFKA_PORT" || exit 1
    printf '\0\0\0\012\0\022\0\0\0\0\0\1\377\377' >&3
    timeout 5 head -c 8 <&3 | wc -c
  } 2>/dev/null) && [[ $size -eq 8 ]]
}

kafka_ready_or_dead() { kafka_answers || ! runs kafka; }

start_kafka() {
  if runs kafka; then
    say "Kafka runs already (pid $(pid_of kafka))"
  else
    require_free_port "$KAFKA_PORT" "Kafka" PENSTOCK_KAFKA_PORT
    require_free_port "$KAFKA_CONTROLLER_PORT" "Kafka's controller" PENSTOCK_KAFKA_CONTROLLER_PORT
    kafka_home
    say "starting Kafka"
    start kafka "$KAFKA_HOME_DIR/log/kafka.out" "$JAVA" -Xms128m -Xmx512m \
      -Dlog.file="$KAFKA_HOME_DIR/log/kafka.log" -Dlog4j.configurationFile="$KAFKA_HOME_DIR/conf/log4j.properties" \
      -cp "$KAFKA_HOME_DIR/libs/*" kafka.Kafka "$KAFKA_HOME_DIR/conf/server.properties"
  fi
}

await_kafka() {
  wait_until "$KAFKA_READY_SECONDS" "starting Kafka" kafka_ready_or_dead || true
  kafka_answers || failed_to_start kafka "$KAFKA_HOME_DIR/log/kafka"
}

# failed_to_start NAME LOG-WITHOUT-ENDING
failed_to_start() {
  local why='does not answer'
  runs "$1" || why='ended at once'
  tail -n 15 "$2.log" "$2.out" >&2 2>/dev/null || true
  die "$1 $why" "its log: $2.log"
}

# --- Flink --------------------------------------------------------------------------------------------------------------------

# What the Flink processes are started from, as one number.
flink_version() {
  cat "$FLINK_HOME_DIR/conf/config.yaml" "$FLINK_HOME_DIR"/lib/penstock-*.jar "$FLINK_HOME_DIR/lib/.penstock-jars" | cksum
}

# jvm_params JM|TM: Flink's own reckoning of heap, direct memory and metaspace: JVM flags, then -D options, a line each.
jvm_params() {
  local cache=$FLINK_HOME_DIR/conf/.params-$1 output
  if [[ ! -f $cache || $FLINK_HOME_DIR/conf/config.yaml -nt $cache ]]; then
    output=$("$JAVA" -cp "$FLINK_HOME_DIR/lib/*" -Dlog4j.configurationFile="$FLINK_HOME_DIR/conf/log4j-cli.properties" \
      org.apache.flink.runtime.util.bash.BashJavaUtils "GET_$1_RESOURCE_PARAMS" --configDir "$FLINK_HOME_DIR/conf" 2>&1) ||
      die "Flink does not accept $FLINK_HOME_DIR/conf/config.yaml" "$(grep -m 3 -E 'Exception|Caused' <<<"$output")"
    sed -n 's/^BASH_JAVA_UTILS_EXEC_RESULT://p' <<<"$output" >"$cache.new"
    mv "$cache.new" "$cache"
  fi
  cat "$cache"
}

# start_flink NAME JM|TM MAIN-CLASS ARGUMENTS...
start_flink() {
  local name=$1 kind=$2 main=$3 log=$FLINK_HOME_DIR/log/$1 params opts=() memory=() dynamic=()
  shift 3
  params=$(jvm_params "$kind")
  read -r -a opts <<<"$(sed -n 's/^env.java.opts.all: //p' "$FLINK_HOME_DIR/conf/config.yaml")"
  read -r -a memory <<<"$(sed -n 1p <<<"$params")"
  read -r -a dynamic <<<"$(sed -n 2p <<<"$params")"
  FLINK_CONF_DIR=$FLINK_HOME_DIR/conf FLINK_LIB_DIR=$FLINK_HOME_DIR/lib FLINK_PLUGINS_DIR=$FLINK_HOME_DIR/plugins \
    start "$name" "$log.out" "$JAVA" "${memory[@]}" "${opts[@]}" -Dlog.file="$log.log" \
    -Dlog4j.configurationFile="$FLINK_HOME_DIR/conf/log4j.properties" -cp "$FLINK_HOME_DIR/lib/*" \
    "$main" --configDir "$FLINK_HOME_DIR/conf" "$@" "${dynamic[@]}"
}

registered_taskmanagers() {
  local overview
  overview=$(http_get /overview) || return 1
  json_number "$overview" taskmanagers
}

# jobmanager_settled: its REST API answers, or it is gone.
jobmanager_settled() { registered_taskmanagers >/dev/null || ! runs jobmanager; }

# taskmanagers_settled: all of ours are registered (by the ids they were started with), or one is gone.
taskmanagers_settled() {
  local name registered
  for name in $(taskmanagers); do runs "$name" || return 0; done
  registered=$(http_get /taskmanagers) || return 1
  for name in $(taskmanagers); do
    [[ $registered == *"\"$(cat "$RUN_DIR/$name.id")\""* ]] || return 1
  done
}

# A running Flink of other jars or another configuration: restarted if it has no job, else said.
replace_stale_flink() {
  local jobs
  [[ $(cat "$RUN_DIR/flink.version" 2>/dev/null) != "$(flink_version)" ]] || return 0
  jobs=$(http_get /jobs | grep -oE '"status":"(RUNNING|CREATED|RESTARTING|FAILING|INITIALIZING|RECONCILING)"' | wc -l || true)
  if [[ $jobs -gt 0 ]]; then
    say "note: the running Flink was started from older jars or another configuration, and has a job; '$SELF down' and '$SELF up' renew it"
  else
    say "Flink was started from older jars or another configuration: restarting it"
    # shellcheck disable=SC2046 # names without spaces
    stop jobmanager $(taskmanagers)
  fi
}

# up_flink N: JobManager and N TaskManagers, or what is missing of them.
up_flink() {
  local wanted=$1 name number
  flink_home
  ! runs jobmanager || replace_stale_flink
  if runs jobmanager; then
    say "JobManager runs already (pid $(pid_of jobmanager))"
  else
    # TaskManagers of an earlier JobManager would come over to the new one.
    # shellcheck disable=SC2046
    stop $(running_taskmanagers)
    require_free_port "$REST_PORT" "Flink's web UI and REST API" PENSTOCK_REST_PORT
    require_free_port "$JOBMANAGER_PORT" "JobManager" PENSTOCK_JOBMANAGER_PORT
    require_free_port "$BLOB_PORT" "Flink's blob server" PENSTOCK_BLOB_PORT
    flink_version >"$RUN_DIR/flink.version"
    say "starting Flink: a JobManager and $wanted TaskManagers"
    start_flink jobmanager JM org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint
  fi
  for ((number = 1; number <= wanted; number++)); do
    name=taskmanager-$number
    if runs "$name"; then continue; fi
    if grep -q '^external-resources:' "$FLINK_HOME_DIR/conf/config.yaml"; then export CUDA_VISIBLE_DEVICES=$((number - 1)); fi
    printf '%s-%s' "$name" "$(date +%s%3N)" >"$RUN_DIR/$name.id"
    start_flink "$name" TM org.apache.flink.runtime.taskexecutor.TaskManagerRunner -D "taskmanager.resource-id=$(cat "$RUN_DIR/$name.id")"
  done
}

await_flink() {
  local name
  wait_until "$FLINK_READY_SECONDS" "starting the JobManager" jobmanager_settled || true
  registered_taskmanagers >/dev/null || failed_to_start jobmanager "$FLINK_HOME_DIR/log/jobmanager"
  wait_until "$FLINK_READY_SECONDS" "starting TaskManagers" taskmanagers_settled || true
  for name in $(taskmanagers); do runs "$name" || failed_to_start "$name" "$FLINK_HOME_DIR/log/$name"; done
  taskmanagers_settled || die "only $(registered_taskmanagers) of $(taskmanagers | wc -l) TaskManagers registered" "logs: $FLINK_HOME_DIR/log"
}

# --- commands -----------------------------------------------------------------------------------------------------------------

cmd_up() {
  local count='' config=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      -h | --help)
        cat <<USAGE
Usage: scripts/penstock up [--taskmanagers N] [--config FILE]
Starts Kafka (one node) and Flink (a JobManager and N TaskManagers of one slot each) on loopback, or what is missing of them, and
waits until they are ready. Fewer TaskManagers than run already: 'down' first.
  --taskmanagers N   default 3, or as many as run: a job of P stages takes P, and goes on at once with one more when one dies
  --config FILE      lines (key: value) laid over flink-conf/config.yaml, for instance flink-conf/gpu-node.yaml
USAGE
        return 0
        ;;
      --taskmanagers | --taskmanagers=*) option_value "$@" && count=$VALUE && shift $((TAKEN - 1)) ;;
      --config | --config=*) option_value "$@" && config=$VALUE && shift $((TAKEN - 1)) ;;
      *) die_usage "up: unknown option '$1'" up ;;
    esac
    shift
  done
  [[ -z $count || $count =~ ^[1-9][0-9]{0,2}$ ]] || die_usage "up: --taskmanagers=$count is no number from 1 to 999" up
  [[ -z $config || -f $config ]] || die "up: no such file: --config $config"
  up "${count:-}" "$config"
  cmd_status --
}

# up [N] [CONFIG]
up() {
  local count=${1:-} running
  build
  mkdir -p "$RUN_DIR" "$LOG_DIR"
  lock 9 "$HOME_DIR/lock"
  if [[ -n ${2:-} ]]; then
    readlink -f -- "$2" >"$HOME_DIR/flink-config"
  fi
  FLINK_CONFIG=$(cat "$HOME_DIR/flink-config" 2>/dev/null || true)
  running=$(taskmanagers | wc -l)
  if [[ -n $count ]] && ((count < running)); then
    say "note: $running TaskManagers run, and stay: for $count, '$SELF down' first"
  fi
  ((running > 0)) || running=3
  count=${count:-$running}
  start_kafka
  up_flink "$count"
  await_kafka
  await_flink
  flock -u 9
}

cmd_down() {
  case ${1:-} in
    '') ;;
    -h | --help)
      cat <<USAGE
Usage: scripts/penstock down
Stops Flink and Kafka of .penstock/ (or \$PENSTOCK_HOME). Kafka keeps its topics; jobs are gone, but their last checkpoints stay
in flink/checkpoints.
USAGE
      return 0
      ;;
    *) die_usage "down: unknown option '$1'" down ;;
  esac
  if [[ ! -d $RUN_DIR ]]; then
    say "nothing runs"
    return 0
  fi
  lock 9 "$HOME_DIR/lock"
  # shellcheck disable=SC2046
  stop jobmanager $(taskmanagers)
  stop kafka
  rm -f "$RUN_DIR/flink.version" "$HOME_DIR/flink-config"
  say "stopped"
}

cmd_status() {
  local name pid overview jobs count=0
  case ${1:---} in
    --) ;;
    -h | --help)
      printf '%s\n' "Usage: scripts/penstock status" "Shows processes, jobs and the web UI. Exit code 0 if Kafka, the JobManager and every TaskManager run, else 3."
      return 0
      ;;
    *) die_usage "status: unknown option '$1'" status ;;
  esac
  for name in kafka jobmanager $(taskmanagers); do
    if pid=$(pid_of "$name"); then
      printf '%-16s pid %s\n' "$name" "$pid"
    else
      printf '%-16s not running\n' "$name"
      count=$((count + 1))
    fi
  done
  if overview=$(http_get /jobs/overview) && runs jobmanager; then
    jobs=$(printf '%s' "${overview//\},\{/$'}\n{'}" | sed -nE 's/.*"jid":"([0-9a-f]+)".*"name":"([^"]*)".*"state":"([A-Z]+)".*/\1 \3 \2/p')
    [[ -z $jobs ]] || printf 'job              %s\n' "${jobs//$'\n'/$'\njob              '}"
    printf 'kafka at         127.0.0.1:%s\n' "$KAFKA_PORT"
    printf 'web UI           %s\n' "$(web_url)"
  fi
  ((count == 0)) || return 3
}

cmd_logs() {
  local name=${1:-} lines=40 file found=0
  if [[ $name == -h || $name == --help ]]; then
    printf '%s\n' "Usage: scripts/penstock logs [NAME]" \
      "Shows the end of the logs of NAME (kafka, jobmanager, taskmanager-1, ..., build), or of all. Files: flink/log, kafka/log, log."
    return 0
  fi
  [[ $# -le 1 && $name != -* ]] || die_usage "logs: unknown option '${2:-$name}'" logs
  [[ -n $name ]] || lines=15
  for file in "$KAFKA_HOME_DIR"/log/*.log "$FLINK_HOME_DIR"/log/*.log "$LOG_DIR"/*.log; do
    [[ -s $file && (-z $name || $(basename "$file" .log) == "$name") ]] || continue
    found=1
    printf '==> %s <==\n' "$file"
    tail -n "$lines" "$file"
  done
  ((found == 1)) || die "no log of '${name:-anything}' in $HOME_DIR"
}
