# Every test. Sourced by scripts/penstock.
# shellcheck shell=bash

SYSTEM_TESTS=$ROOT/job/target/system-test # a state folder for each cluster that a test starts; stays for its logs

cmd_test() {
  local code=0
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
  lock 8 "$ROOT/target/penstock-build.lock"
  : >"$BUILD_STAMP.new"
  TESTING=''
  trap end_test EXIT
  trap 'end_test; exit 130' INT TERM HUP
  # A process group of its own, so that Maven's children end with it.
  setsid "${MAVEN[@]}" -f "$ROOT/pom.xml" verify -Dpenstock.smollm2="$MODEL_FILE" "$@" 8>&- 9>&- </dev/null &
  TESTING=$!
  wait "$TESTING" || code=$?
  TESTING=''
  if [[ $code -eq 0 && $# -eq 0 ]]; then mv "$BUILD_STAMP.new" "$BUILD_STAMP"; fi
  return "$code"
}

# Whatever ended the tests: Maven's whole process group goes, then the clusters that a system test left.
end_test() {
  local folder
  trap - EXIT INT TERM HUP
  if [[ -n $TESTING ]] && kill -TERM -- "-$TESTING" 2>/dev/null; then
    wait_until 15 "stopping Maven" group_is_gone "$TESTING" || kill -KILL -- "-$TESTING" 2>/dev/null || true
  fi
  for folder in "$SYSTEM_TESTS"/*/; do
    [[ ! -d $folder/run ]] || PENSTOCK_HOME=${folder%/} "$ROOT/scripts/penstock" down 2>/dev/null || true
  done
}

group_is_gone() { ! kill -0 -- "-$1" 2>/dev/null; }
