# Every test. Sourced by scripts/penstock.
# shellcheck shell=bash

cmd_test() {
  local systems code=0 maven=''
  if wants_help "$@"; then
    cat <<USAGE
Usage: scripts/penstock test [MAVEN OPTIONS]
Fetches the sample model if it is missing, then builds and runs every test (mvn verify): unit tests, operator harnesses, and the
system test with a real Kafka broker and a real Flink cluster in a folder and on ports of its own. Options go to Maven, for
instance: -pl gpu-udf -am, or -Dtest=PlannerTest -Dsurefire.failIfNoSpecifiedTests=false.
USAGE
    return 0
  fi
  require_maven
  fetch_model
  systems=$HOME_DIR/system-tests/$$
  mkdir -p "$systems" "$ROOT/target"
  lock 8 "$ROOT/target/penstock-build.lock"
  # Whatever ends this: Maven's whole process group, then the clusters that a system test left.
  # shellcheck disable=SC2329 # called by the trap
  end_test() {
    trap - EXIT INT TERM HUP
    if [[ -n $maven ]] && kill -TERM -- "-$maven" 2>/dev/null; then
      wait_until 10 "stopping Maven" group_is_gone "$maven" || kill -KILL -- "-$maven" 2>/dev/null || true
    fi
    end_clusters "$systems"
    rm -rf "$systems"
    rmdir "$HOME_DIR/system-tests" 2>/dev/null || true
  }
  trap end_test EXIT
  trap 'end_test; exit 130' INT TERM HUP
  : >"$BUILD_STAMP.new"
  setsid "${MAVEN[@]}" -f "$ROOT/pom.xml" verify -Dpenstock.smollm2="$MODEL_FILE" -Dpenstock.system-tests="$systems" "$@" \
    8>&- 9>&- </dev/null &
  maven=$!
  wait "$maven" || code=$?
  maven=''
  if [[ $code -eq 0 && $# -eq 0 ]]; then mv "$BUILD_STAMP.new" "$BUILD_STAMP"; fi
  end_test
  return "$code"
}

group_is_gone() { ! kill -0 -- "-$1" 2>/dev/null; }

# end_clusters FOLDER: stops what runs from the state folders inside, each in a script of its own.
end_clusters() {
  local folder
  for folder in "$1"/*/; do
    [[ ! -d $folder/run ]] || PENSTOCK_HOME=${folder%/} "$ROOT/scripts/penstock" down || true
  done
}
