package io.penstock.job.kafka;

import java.util.List;
import java.util.Properties;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetIdentifier;

/**
 * Says which topic a sink writes to: the connector looks there for transactions that were left
 * open. Flink hands it to listeners as well, so it keeps no client properties: they hold secrets.
 *
 * @param topic the sink's topic
 */
record TopicFacet(String topic) implements KafkaDatasetFacet {
  @Override
  public String name() {
    return "kafka";
  }

  @Override
  public Properties getProperties() {
    return new Properties();
  }

  @Override
  public KafkaDatasetIdentifier getTopicIdentifier() {
    return DefaultKafkaDatasetIdentifier.ofTopics(List.of(topic));
  }

  @Override
  public void setProperties(Properties properties) {
    // not kept
  }
}
