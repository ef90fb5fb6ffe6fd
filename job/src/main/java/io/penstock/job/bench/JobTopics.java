package io.penstock.job.bench;

/**
 * Where a running job reads and writes.
 *
 * @param bootstrapServers Kafka
 * @param prompts its prompt topic
 * @param results its result topic
 * @param deadLetters its dead-letter topic
 */
record JobTopics(String bootstrapServers, String prompts, String results, String deadLetters) {
  /**
   * @param bootstrapServers Kafka
   * @param prefix of the topics of one bench job
   * @return its topics, as {@code scripts/lib/bench.sh} names them
   */
  static JobTopics of(String bootstrapServers, String prefix) {
    return new JobTopics(
        bootstrapServers, prefix + "-prompts", prefix + "-results", prefix + "-dead-letters");
  }
}
