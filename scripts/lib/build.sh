# Building what is stale, and putting together the Flink and Kafka homes. Sourced by scripts/penstock.
# shellcheck shell=bash

JOB_JAR=$ROOT/job/target/penstock-job.jar
UDF_TARGET=$ROOT/gpu-udf/target # penstock-gpu-udf-*.jar, and lib/ with what it needs at run time
BUILD_STAMP=$ROOT/target/penstock-build.stamp
MAVEN=(mvn -B -ntp)

# True if the jars are there and nothing that goes into them changed since.
build_is_fresh() {
  local newer
  [[ -f $BUILD_STAMP && -f $JOB_JAR && -d $UDF_TARGET/lib ]] || return 1
  newer=$(cd "$ROOT" && find pom.xml .mvn {schemas,gpu-udf,operators,job}/{pom.xml,src} \
    -path '*/src/test' -prune -o -newer "$BUILD_STAMP" -print -quit)
  [[ -z $newer ]]
}

build() {
  require_java
  if [[ -n ${PENSTOCK_NO_BUILD:-} ]]; then
    [[ -f $JOB_JAR && -d $UDF_TARGET/lib ]] || die "PENSTOCK_NO_BUILD is set, but $JOB_JAR is not there" "unset it, or build first"
    return 0
  fi
  ! build_is_fresh || return 0
  lock 8 "$ROOT/target/penstock-build.lock"
  ! build_is_fresh || return 0
  require_maven
  say "building Penstock (the first time this downloads several hundred MB)"
  # Changes made during the build count as newer than it.
  : >"$BUILD_STAMP.new"
  rm -rf "${UDF_TARGET:?}/lib"
  logged "building" "$LOG_DIR/build.log" "${MAVEN[@]}" -f "$ROOT/pom.xml" package -pl job -am -DskipTests
  mv "$BUILD_STAMP.new" "$BUILD_STAMP"
  flock -u 8
}

# fetch_libs POM FOLDER STAMP: the Maven artifacts of a pom in a folder, if it or the root pom changed since.
fetch_libs() {
  local pom=$1 folder=$2 stamp=$3 fresh
  if [[ -f $stamp && ! $ROOT/pom.xml -nt $stamp && ! $pom -nt $stamp ]]; then return 0; fi
  require_maven
  fresh=$folder.new
  rm -rf "$fresh" "$folder.old"
  mkdir -p "$fresh"
  : >"$stamp.new"
  logged "fetching $(basename "$pom" -pom.xml)" "$LOG_DIR/$(basename "$pom" .xml).log" \
    "${MAVEN[@]}" -f "$pom" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$fresh"
  # Whole folders change places, so that an interrupted run leaves the old one.
  [[ ! -d $folder ]] || mv "$folder" "$folder.old"
  mv "$fresh" "$folder"
  rm -rf "$folder.old"
  mv "$stamp.new" "$stamp"
}

# gpu-udf's jar and those that it needs at run time, a path a line.
udf_jars() {
  local jar
  for jar in "$UDF_TARGET"/penstock-gpu-udf-*.jar "$UDF_TARGET"/lib/*.jar; do
    case $jar in
      *-tests.jar | *-sources.jar | *-javadoc.jar | */slf4j-api-*) ;; # slf4j: Flink brings its own
      *) [[ ! -f $jar ]] || printf '%s\n' "$jar" ;;
    esac
  done
}

# install_udf LIB: copies gpu-udf and its run-time dependencies into a lib/ folder, and removes those of an earlier version that
# it put there (their names are kept in LIB/.penstock-jars). A running JVM keeps the file that it opened. True if anything changed.
install_udf() {
  local lib=$1 list=$1/.penstock-jars jar name names=() changed=1 old
  while IFS= read -r jar; do
    name=${jar##*/}
    names+=("$name")
    cmp -s "$jar" "$lib/$name" && continue
    cp "$jar" "$lib/.$name.new" || die "could not write to $lib"
    mv "$lib/.$name.new" "$lib/$name" || die "could not write $lib/$name"
    changed=0
  done < <(udf_jars)
  [[ ${#names[@]} -gt 1 ]] || die "no gpu-udf jar in $UDF_TARGET" "build first, without PENSTOCK_NO_BUILD"
  while IFS= read -r old; do
    if [[ -n $old && $old != */* && ! " ${names[*]} " == *" $old "* && -f $lib/$old ]]; then
      rm -f "${lib:?}/$old"
      changed=0
    fi
  done < <(cat "$list" 2>/dev/null || true; cd "$lib" && printf '%s\n' penstock-gpu-udf-*.jar)
  printf '%s\n' "${names[@]}" >"$list"
  return $changed
}

# set_keys FILE SEPARATOR KEY VALUE...: writes lines over those of the same key, or adds them.
set_keys() {
  local file=$1 separator=$2 key value
  shift 2
  while [[ $# -gt 0 ]]; do
    key=$1 value=$2
    shift 2
    awk -v start="$key$separator" 'index($0, start) != 1' "$file" >"$file.part"
    printf '%s%s%s\n' "$key" "$separator" "$value" >>"$file.part"
    mv "$file.part" "$file"
  done
}

yaml_string() { printf "'%s'" "${1//\'/\'\'}"; }

# Lays the lines KEY: VALUE of a file over those of another.
overlay() {
  local file=$1 line
  while IFS= read -r line; do
    [[ $line =~ ^([a-z][A-Za-z0-9.-]*):\ (.*)$ ]] && set_keys "$file" ': ' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  done <"$2"
}

# replace_if_changed NEW FILE: true if it did.
replace_if_changed() {
  if cmp -s "$1" "$2"; then
    rm -f "$1"
    return 1
  fi
  mv "$1" "$2"
}

# .penstock/flink: lib, conf, log, plugins, bin/flink.
flink_home() {
  local conf=$FLINK_HOME_DIR/conf file config=${FLINK_CONFIG:-}
  mkdir -p "$FLINK_HOME_DIR"/{lib,conf,log,plugins,bin,tmp,checkpoints,savepoints}
  fetch_libs "$ROOT/flink-conf/flink-home-pom.xml" "$FLINK_HOME_DIR/lib" "$FLINK_HOME_DIR/.lib-stamp"
  install_udf "$FLINK_HOME_DIR/lib" || true

  cp "$ROOT/flink-conf/config.yaml" "$conf/config.yaml.new"
  if [[ -n $config ]]; then overlay "$conf/config.yaml.new" "$config"; fi
  set_keys "$conf/config.yaml.new" ': ' \
    rest.port "$REST_PORT" jobmanager.rpc.port "$JOBMANAGER_PORT" blob.server.port "$BLOB_PORT" \
    metrics.reporter.prom.port "$METRICS_PORTS" \
    execution.checkpointing.dir "$(yaml_string "file://$FLINK_HOME_DIR/checkpoints")" \
    execution.checkpointing.savepoint-dir "$(yaml_string "file://$FLINK_HOME_DIR/savepoints")" \
    io.tmp.dirs "$(yaml_string "$FLINK_HOME_DIR/tmp")"
  if grep -q '^external-resource.gpu' "$conf/config.yaml.new"; then
    set_keys "$conf/config.yaml.new" ': ' external-resource.gpu.param.discovery-script.path "$(yaml_string "$ROOT/scripts/gpu-discovery.sh")"
    gpu_plugin
  fi
  replace_if_changed "$conf/config.yaml.new" "$conf/config.yaml" || true
  for file in log4j.properties log4j-cli.properties; do
    cmp -s "$ROOT/flink-conf/$file" "$conf/$file" || cp "$ROOT/flink-conf/$file" "$conf/$file"
  done
  cmp -s "$ROOT/scripts/flink" "$FLINK_HOME_DIR/bin/flink" || cp "$ROOT/scripts/flink" "$FLINK_HOME_DIR/bin/flink"
}

# The GPU driver's jar: its parent pom does not resolve, so it is no dependency of any pom.
gpu_plugin() {
  local folder=$FLINK_HOME_DIR/plugins/gpu version
  version=$(sed -n 's/.*<flink.gpu.version>\(.*\)<.*/\1/p' "$ROOT/pom.xml")
  [[ ! -f $folder/flink-external-resource-gpu-$version.jar ]] || return 0
  require_maven
  rm -rf "$folder"
  logged "fetching the GPU plugin" "$LOG_DIR/gpu-plugin.log" "${MAVEN[@]}" -f "$ROOT/flink-conf/flink-home-pom.xml" dependency:copy \
    -Dartifact="org.apache.flink:flink-external-resource-gpu:$version" -DoutputDirectory="$folder"
}

# .penstock/kafka/libs: the broker and its tools.
kafka_libs() {
  mkdir -p "$KAFKA_HOME_DIR/libs"
  fetch_libs "$ROOT/flink-conf/kafka-pom.xml" "$KAFKA_HOME_DIR/libs" "$KAFKA_HOME_DIR/.lib-stamp"
}

# .penstock/kafka: libs, conf, data (formatted once), log.
kafka_home() {
  local conf=$KAFKA_HOME_DIR/conf server
  mkdir -p "$KAFKA_HOME_DIR"/{conf,log}
  kafka_libs
  cmp -s "$ROOT/flink-conf/log4j.properties" "$conf/log4j.properties" || cp "$ROOT/flink-conf/log4j.properties" "$conf/log4j.properties"
  server=$conf/server.properties
  cp "$ROOT/flink-conf/kafka-server.properties" "$server.new"
  set_keys "$server.new" '=' \
    listeners "PLAINTEXT://127.0.0.1:$KAFKA_PORT,CONTROLLER://127.0.0.1:$KAFKA_CONTROLLER_PORT" \
    advertised.listeners "PLAINTEXT://127.0.0.1:$KAFKA_PORT" \
    controller.quorum.voters "1@127.0.0.1:$KAFKA_CONTROLLER_PORT" \
    log.dirs "$KAFKA_HOME_DIR/data"
  mv "$server.new" "$server"
  if [[ ! -f $KAFKA_HOME_DIR/data/meta.properties ]]; then
    rm -rf "$KAFKA_HOME_DIR/data"
    logged "formatting Kafka's folder" "$LOG_DIR/kafka-format.log" "$JAVA" -cp "$KAFKA_HOME_DIR/libs/*" kafka.tools.StorageTool \
      format -t "$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')" -c "$server"
  fi
}
