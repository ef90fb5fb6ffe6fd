# bench: starts what is measured, and stops what it started. The measuring is io.penstock.job.bench. Sourced by scripts/penstock.
# shellcheck shell=bash

# llama.cpp, built by others; Node.js runs it. The version of its library is also that of scripts/bench/llama-quantise.py.
LLAMA_PACKAGES=(node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1)
LLAMA_DIR=$HOME_DIR/peers/llama-cpp

BENCH_JOB=''     # the job that was submitted
BENCH_TOPICS=''  # what its topics begin with
BENCH_STARTED='' # set if Kafka and Flink were started for this run

bench_cleanup() {
  local code=$?
  trap '' INT TERM
  if [[ -n $BENCH_JOB ]]; then
    "$FLINK_HOME_DIR/bin/flink" cancel "$BENCH_JOB" >/dev/null 2>&1 || say "the job could not be cancelled: $BENCH_JOB"
    rm -rf "${FLINK_HOME_DIR:?}/checkpoints/$BENCH_JOB"
  fi
  if [[ -n $BENCH_TOPICS ]] && kafka_answers; then
    tool bench delete-topics --bootstrap-servers "127.0.0.1:$KAFKA_PORT" --topics "$BENCH_TOPICS" || say "topics are left: $BENCH_TOPICS-*"
  fi
  [[ -z $BENCH_STARTED ]] || cmd_down
  exit "$code"
}

# bench_cluster SLOTS OPTIONS-OF-THE-JOB...: the job on the cluster that runs, or on one of our own with no more than it needs.
bench_cluster() {
  local slots=$1
  shift
  if registered_taskmanagers >/dev/null && kafka_answers; then
    say "taking the Kafka and Flink that run; other jobs there disturb the figures"
  else
    if runs jobmanager || runs kafka; then die "Kafka and Flink run only in part" "start the rest: $SELF up; or stop all: $SELF down"; fi
    BENCH_STARTED=1
    up "$slots"
  fi
  BENCH_TOPICS=penstock-bench-$(date +%s)
  BENCH_JOB=$(run_job --prompt-topic "$BENCH_TOPICS-prompts" --result-topic "$BENCH_TOPICS-results" \
    --dead-letter-topic "$BENCH_TOPICS-dead-letters" --control-topic "$BENCH_TOPICS-control" --consumer-group "$BENCH_TOPICS" "$@") ||
    die "the job that bench measures did not start (above is why)" \
      "if the Flink that runs lacks slots: $SELF up --taskmanagers $(($(registered_taskmanagers) + slots))" \
      "or without a cluster: --through bare,local"
}

# Node.js, llama.cpp, and the program that runs it.
fetch_llama() {
  local tool
  for tool in node npm; do
    command -v "$tool" >/dev/null || die "Node.js is missing: no $tool on the PATH (--peer runs llama.cpp with it)" \
      "Debian, Ubuntu: apt-get install nodejs npm (Node.js 20 or later); or leave --peer out"
  done
  command -v python3 >/dev/null || die "Python 3 is missing (--peer quantises the model with it)" "Debian, Ubuntu: apt-get install python3"
  if [[ $(cat "$LLAMA_DIR/.packages" 2>/dev/null) != "${LLAMA_PACKAGES[*]}" ]]; then
    rm -rf "$LLAMA_DIR"
    mkdir -p "$LLAMA_DIR"
    logged "fetching llama.cpp (30 MB)" "$LOG_DIR/llama-cpp.log" \
      npm install --ignore-scripts --omit=optional --no-audit --no-fund --prefix "$LLAMA_DIR" "${LLAMA_PACKAGES[@]}"
    printf '%s' "${LLAMA_PACKAGES[*]}" >"$LLAMA_DIR/.packages"
  fi
  cp "$ROOT/scripts/bench/llama-cpp.mjs" "$LLAMA_DIR/llama-cpp.mjs"
}

# llama_models MODEL FORMAT...: the model in other formats, made by llama.cpp from the file; sets LLAMA_MODELS to their folder.
llama_models() {
  local model=$1 libs=("$LLAMA_DIR"/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libllama.*) format
  shift
  [[ -f $model && $(head -c 4 "$model") == GGUF ]] || die "--peer needs a GGUF file as the model, and this is none: $model"
  LLAMA_MODELS=$LLAMA_DIR/models/$(stat -L -c '%s %Y %n' "$model" | cksum | tr ' ' -)
  mkdir -p "$LLAMA_MODELS"
  for format in "$@"; do
    [[ ! -f $LLAMA_MODELS/$format.gguf ]] || continue
    LD_LIBRARY_PATH=$(dirname "${libs[0]}") logged "quantising the model to $format for llama.cpp" "$LOG_DIR/llama-quantise.log" \
      python3 "$ROOT/scripts/bench/llama-quantise.py" "${libs[0]}" "$model" "$LLAMA_MODELS/$format.new" "$format"
    mv "$LLAMA_MODELS/$format.new" "$LLAMA_MODELS/$format.gguf"
  done
}

source_commit() {
  local commit
  commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null) || { printf unknown && return; }
  printf '%s' "$commit"
  [[ -z $(git -C "$ROOT" status --porcelain --untracked-files=no 2>/dev/null) ]] || printf ' and changes'
}

cmd_bench() {
  local needs key value slots='' model='' job=() formats=() started=() pids=() name code=0
  client_home
  if [[ ${1:-} != prefill ]] || wants_help "$@"; then
    tool bench "$@"
    return
  fi
  shift
  DEFAULTS=()
  model_default "$@"
  set -- ${DEFAULTS[@]+"${DEFAULTS[@]}"} "$@"
  needs=$(tool bench prefill "$@" --plan-only) || return
  while read -r key value; do
    case $key in
      cluster) slots=$value ;;
      peer) formats+=("$value") ;;
      model) model=$value ;;
      job) job+=("$value") ;;
    esac
  done <<<"$needs"

  started=(--commit "$(source_commit)")
  if [[ ${#formats[@]} -gt 0 ]]; then
    fetch_llama
    llama_models "$model" "${formats[@]}"
    started+=(--peer-program "$LLAMA_DIR/llama-cpp.mjs" --peer-models "$LLAMA_MODELS")
  fi
  if [[ -n $slots ]]; then
    trap bench_cleanup EXIT
    bench_cluster "$slots" --model-path "$model" "${job[@]}"
    for name in kafka jobmanager $(running_taskmanagers); do pids+=("$(pid_of "$name")"); done
    started+=(--bootstrap-servers "127.0.0.1:$KAFKA_PORT" --topics "$BENCH_TOPICS" --pids "$(IFS=, && printf '%s' "${pids[*]}")")
  fi
  tool bench prefill "$@" "${started[@]}" || code=$?
  return "$code"
}
