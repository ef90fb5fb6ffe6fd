# Kafka's own console tools, from the libraries of the broker that 'up' starts. Sourced by scripts/penstock.
# shellcheck shell=bash

declare -A KAFKA_TOOLS=(
  [console-producer]=org.apache.kafka.tools.ConsoleProducer
  [console-consumer]=org.apache.kafka.tools.consumer.ConsoleConsumer
  [topics]=org.apache.kafka.tools.TopicCommand
  [consumer-groups]=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
)

cmd_kafka() {
  local name=${1:-} servers=()
  if [[ -z $name || $name == -h || $name == --help ]]; then
    cat <<USAGE
Usage: scripts/penstock kafka console-producer|console-consumer|topics|consumer-groups [OPTIONS OF THE TOOL]
Runs a tool of Kafka's distribution: kafka-console-producer.sh and its fellows, for whom has no Kafka of their own. Without
--bootstrap-server it talks to the Kafka that 'up' started. NAME --help shows the tool's own options; docs/records.md has examples.
USAGE
    [[ -n $name ]] || exit 2
    return 0
  fi
  shift
  [[ -n ${KAFKA_TOOLS[$name]:-} ]] || die_usage "kafka: unknown tool '$name'; there are: ${!KAFKA_TOOLS[*]}" kafka
  require_java
  lock 9 "$HOME_DIR/lock"
  kafka_libs
  flock -u 9
  if ! wants_help "$@" && ! has_option --bootstrap-server "$@"; then
    require_kafka
    servers=(--bootstrap-server "127.0.0.1:$KAFKA_PORT")
  fi
  exec "$JAVA" -Xmx512m -Dlog4j.configurationFile="$ROOT/flink-conf/log4j-cli.properties" -cp "$KAFKA_HOME_DIR/libs/*" \
    "${KAFKA_TOOLS[$name]}" ${servers[@]+"${servers[@]}"} "$@"
}
