# The job and its clients: submit, ask, cancel, tokenize, local, quickstart. Sourced by scripts/penstock.
# shellcheck shell=bash

RUNNING_SECONDS=300 # loading the weights of a large model takes its time
QUICKSTART_JOB=$RUN_DIR/quickstart-job # id of the job that quickstart submitted last, and what of

# client MAIN-CLASS ARGUMENTS...: a JVM with the job jar and Flink's libraries, in the caller's directory. The Vector API only where
# something is computed: on JDK 17 it comes with a warning that cannot be switched off.
client() {
  local flags=() line
  line=$(sed -n 's/^env.java.opts.all: //p' "$FLINK_HOME_DIR/conf/config.yaml")
  [[ ${2:-} =~ ^(local|bench)$ ]] || line=${line/--add-modules jdk.incubator.vector/}
  read -r -a flags <<<"$line"
  "$JAVA" "${flags[@]}" -Dlog4j.configurationFile="$FLINK_HOME_DIR/conf/log4j-cli.properties" \
    -Dpicocli.ansi=false -cp "$JOB_JAR:$FLINK_HOME_DIR/lib/*" "$@"
}

# Builds, and puts the Flink home together if there is none yet; a running cluster's is left alone.
client_home() {
  build
  lock 9 "$HOME_DIR/lock"
  runs jobmanager || flink_home
  flock -u 9
}

require_flink() { registered_taskmanagers >/dev/null || die "no Flink answers at $(web_url)" "start it: $SELF up"; }
require_kafka() { kafka_answers || die "no Kafka answers at 127.0.0.1:$KAFKA_PORT" "start it: $SELF up; or name yours: --bootstrap-servers HOST:PORT"; }

# kafka_default ARGUMENTS...: our Kafka, unless the arguments name another.
kafka_default() {
  DEFAULTS=()
  has_option --bootstrap-servers "$@" && return 0
  require_kafka
  DEFAULTS=(--bootstrap-servers "127.0.0.1:$KAFKA_PORT")
}

model_default() {
  has_option --model-path "$@" && return 0
  fetch_model
  DEFAULTS+=(--model-path "$MODEL_FILE")
}

# --- submit -------------------------------------------------------------------------------------------------------------------

job_version() { cksum <"$JOB_JAR" | tr ' ' -; }

job_state() {
  local body
  body=$(http_get "/jobs/$1") || return 1
  [[ $body =~ \"state\":\"([A-Z]+)\" ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# job_settled ID: all its tasks run, or it failed. Sets JOB_OUTCOME.
job_settled() {
  local body states
  JOB_OUTCOME=''
  body=$(http_get "/jobs/$1") || return 1
  [[ $body =~ \"state\":\"([A-Z]+)\" ]] || return 1
  JOB_OUTCOME=${BASH_REMATCH[1]}
  case $JOB_OUTCOME in
    RUNNING)
      states=$(grep -oE '"status":"[A-Z]+"' <<<"$body" | sort -u)
      [[ $states == '"status":"RUNNING"' ]]
      ;;
    CREATED | INITIALIZING) return 1 ;;
    *) return 0 ;; # failed, or failing and about to start again
  esac
}

# The first lines of why a job failed: the exception and what caused it.
job_failure() {
  local body
  body=$(http_get "/jobs/$1/exceptions") || return 0
  grep -oE '"stacktrace":"([^"\\]|\\.)*"' <<<"$body" | head -n 1 | sed 's/^"stacktrace":"//; s/"$//; s/\\n/\n/g; s/\\t/\t/g; s/\\"/"/g' |
    awk 'NR == 1 || /^Caused by/' | cut -c1-400 || true
}

# run_job ARGUMENTS...: flink run -d; prints the job's id when all its tasks run.
run_job() {
  local output id why flink=() job=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --from-savepoint | --from-savepoint=*)
        option_value "$@"
        flink=(-s "$VALUE")
        shift $((TAKEN - 1))
        ;;
      *) job+=("$1") ;;
    esac
    shift
  done
  kafka_default ${job[@]+"${job[@]}"}
  model_default ${job[@]+"${job[@]}"}
  say "submitting the job"
  output=$("$FLINK_HOME_DIR/bin/flink" run -d ${flink[@]+"${flink[@]}"} "$JOB_JAR" "${DEFAULTS[@]}" ${job[@]+"${job[@]}"} 2>&1) || {
    printf '%s\n' "$output" | grep -vE '^\s+(at |\.\.\. )' | head -n 20 >&2 || true
    die "flink run failed"
  }
  [[ $output =~ JobID\ ([0-9a-f]{32}) ]] || die "flink run gave no job id" "$output"
  id=${BASH_REMATCH[1]}
  grep '^warning: ' <<<"$output" >&2 || true
  if ! wait_until "$RUNNING_SECONDS" "starting the job" job_settled "$id" || [[ $JOB_OUTCOME != RUNNING ]]; then
    why=$(job_failure "$id")
    [[ -n $why && $why != *NoResourceAvailable* ]] ||
      why+="${why:+$'\n'}a job of P stages takes P TaskManagers of one slot, and $(registered_taskmanagers) are there: $SELF up --taskmanagers N"
    "$FLINK_HOME_DIR/bin/flink" cancel "$id" >/dev/null 2>&1 || true
    die "the job did not come to run, and was cancelled: state=${JOB_OUTCOME:-unknown} job=$id" "$why" "logs: $FLINK_HOME_DIR/log"
  fi
  printf '%s\n' "$id"
}

# Stands before the job's own help.
submit_usage() {
  cat <<USAGE
Usage: scripts/penstock submit [--from-savepoint PATH] [OPTIONS OF THE JOB]
Starts the job on the running cluster (flink run -d), waits until all its tasks run and prints its id. Without --model-path it
takes the sample model, without --bootstrap-servers the Kafka that 'up' started. The job's own options:

USAGE
}

cmd_submit() {
  client_home
  require_flink
  run_job "$@"
}

# --- clients ------------------------------------------------------------------------------------------------------------------

# tool NAME ARGUMENTS...: a command of io.penstock.job.cli.Main.
tool() { client io.penstock.job.cli.Main "$@"; }

kafka_tool() {
  local name=$1
  shift
  client_home
  DEFAULTS=()
  kafka_default "$@"
  tool "$name" ${DEFAULTS[@]+"${DEFAULTS[@]}"} "$@"
}

cmd_ask() { kafka_tool ask "$@"; }
cmd_cancel() { kafka_tool cancel "$@"; }

cmd_tokenize() {
  client_home
  DEFAULTS=()
  wants_help "$@" || model_default "$@"
  tool tokenize ${DEFAULTS[@]+"${DEFAULTS[@]}"} "$@"
}

cmd_local() {
  client_home
  DEFAULTS=()
  model_default "$@"
  tool local ${DEFAULTS[@]+"${DEFAULTS[@]}"} "$@"
}

# --- quickstart ---------------------------------------------------------------------------------------------------------------

# A text of this project's own, cut so that it fits the sample model's 8,192 tokens, and a beginning to be continued: the sentence
# stands in the README, so the answer shows that it was read.
long_prompt() {
  # Not a pipe: cat would end by a signal where head has enough.
  head -c 18000 < <(cd "$ROOT" && cat README.md docs/*.md flink-conf/config.yaml)
  printf '\n\nA penstock is the pipe that feeds a turbine under'
}

# stop_older JOB-ID: stops the job with a savepoint, whose path goes to SAVEPOINT: what it has read and not answered goes on from there.
stop_older() {
  local output
  say "the job that runs is of an older build: stopping it with a savepoint ($1)"
  output=$("$FLINK_HOME_DIR/bin/flink" stop --savepointPath "$FLINK_HOME_DIR/savepoints" "$1" 2>&1) ||
    die "the job could not be stopped: $1" "$(grep -m 3 -E 'Exception|Caused' <<<"$output")"
  [[ $output =~ Path:\ ([^[:space:]]+) ]] || die "flink stop named no savepoint" "$output"
  SAVEPOINT=${BASH_REMATCH[1]}
}

cmd_quickstart() {
  local id='' version='' prompt=$HOME_DIR/quickstart-prompt.txt SAVEPOINT=''
  case ${1:-} in
    '') ;;
    -h | --help)
      cat <<USAGE
Usage: scripts/penstock quickstart
Builds, fetches the sample model, starts Kafka and Flink (loopback only), submits the job with two stages, runs a prompt of several
thousand tokens and shows its first token, its time to first token and its chunks. Everything stays up: '$SELF down' ends it.
USAGE
      return 0
      ;;
    *) die_usage "quickstart: unknown option '$1'" quickstart ;;
  esac
  build
  fetch_model
  read -r id version < <(cat "$QUICKSTART_JOB" 2>/dev/null) || true
  if [[ -n $id && $version != "$(job_version)" && $(job_state "$id") == RUNNING ]]; then
    stop_older "$id"
  fi
  up
  if [[ -n $id && $version == "$(job_version)" && $(job_state "$id") == RUNNING ]]; then
    say "the job runs already ($id)"
  else
    id=$(run_job ${SAVEPOINT:+--from-savepoint "$SAVEPOINT"} --pp-size 2)
    printf '%s %s\n' "$id" "$(job_version)" >"$QUICKSTART_JOB"
    say "the job runs ($id)"
  fi
  long_prompt >"$prompt"
  say "asking with a long prompt: $(wc -c <"$prompt") bytes of this project's own text, which end in"
  say "  $(tail -n 1 "$prompt")"
  kafka_tool ask --file "$prompt"
  printf 'web UI: %s/#/job/running/%s/overview\n' "$(web_url)" "$id"
  say "everything stays up: 'scripts/penstock ask TEXT' asks again, 'scripts/penstock down' ends it; docs/quickstart.md goes on from here"
}
