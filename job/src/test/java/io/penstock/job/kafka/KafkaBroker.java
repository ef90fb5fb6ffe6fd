package io.penstock.job.kafka;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;

/** A broker inside this process, for one test class. */
public final class KafkaBroker {
  private final KafkaClusterTestKit kit;

  /** Starts one that asks for nothing; returns when it answers. */
  public KafkaBroker() throws Exception {
    this(Map.of());
  }

  /**
   * Starts it; returns when it answers.
   *
   * @param more of the broker's configuration
   */
  public KafkaBroker(Map<String, String> more) throws Exception {
    TestKitNodes nodes =
        new TestKitNodes.Builder()
            .setCombined(true)
            .setNumBrokerNodes(1)
            .setNumControllerNodes(1)
            .build();
    KafkaClusterTestKit.Builder builder =
        new KafkaClusterTestKit.Builder(nodes)
            .setConfigProp("offsets.topic.replication.factor", "1")
            .setConfigProp("offsets.topic.num.partitions", "1")
            .setConfigProp("transaction.state.log.replication.factor", "1")
            .setConfigProp("transaction.state.log.min.isr", "1")
            .setConfigProp("transaction.state.log.num.partitions", "3")
            .setConfigProp("auto.create.topics.enable", "false");
    more.forEach(builder::setConfigProp);
    kit = builder.build();
    kit.format();
    kit.startup();
    kit.waitForReadyBrokers();
  }

  /** Host and port. */
  public String bootstrapServers() {
    return kit.bootstrapServers();
  }

  /** A client, closed by the caller. */
  Admin admin() {
    Properties properties = new Properties();
    properties.setProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    return Admin.create(properties);
  }

  /** Stops it and removes its files. */
  public void close() throws Exception {
    kit.close();
  }
}
