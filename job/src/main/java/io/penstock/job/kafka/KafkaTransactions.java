package io.penstock.job.kafka;

import io.penstock.job.RefusedException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** Whether the brokers can do what exactly-once delivery needs, asked once, at submission. */
final class KafkaTransactions {
  private static final String MAX_TIMEOUT = "transaction.max.timeout.ms";

  private KafkaTransactions() {}

  /**
   * @param admin asks
   * @param options of a job that delivers exactly once; its topics are there
   * @param warn takes sentences about what could not be checked
   * @throws RefusedException if transactions cannot be used as the options say
   */
  static void check(Admin admin, KafkaOptions options, Consumer<String> warn)
      throws ExecutionException, InterruptedException, RefusedException {
    String prefix = options.transactionalIdPrefix();
    if (prefix.isEmpty() || prefix.contains("/")) {
      throw new RefusedException(
          "--transactional-id-prefix="
              + prefix
              + " must not be empty or contain a slash; it stands for --consumer-group if not given");
    }
    checkListing(admin, options);
    long timeoutMillis = options.transactionTimeout().toMillis();
    long maxMillis = maxTimeoutMillis(admin, warn);
    if (timeoutMillis > maxMillis) {
      throw new RefusedException(
          "--transaction-timeout="
              + timeoutMillis
              + "ms is longer than the brokers allow: "
              + MAX_TIMEOUT
              + "="
              + maxMillis
              + "; give a shorter one, or raise it there");
    }
  }

  /** After a failure the sinks look for transactions that were left open, in this way. */
  private static void checkListing(Admin admin, KafkaOptions options)
      throws ExecutionException, InterruptedException, RefusedException {
    List<TopicPartition> written =
        List.of(
            new TopicPartition(options.resultTopic(), 0),
            new TopicPartition(options.deadLetterTopic(), 0));
    try {
      admin.describeProducers(written).all().get();
      admin.listTransactions().all().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnsupportedVersionException) {
        throw new RefusedException(
            "--delivery=" + options.delivery() + " needs Kafka 3.0 or newer: " + e.getMessage(), e);
      }
      throw e;
    }
  }

  private static long maxTimeoutMillis(Admin admin, Consumer<String> warn)
      throws ExecutionException, InterruptedException {
    List<ConfigResource> brokers =
        admin.describeCluster().nodes().get().stream()
            .map(Node::idString)
            .map(id -> new ConfigResource(ConfigResource.Type.BROKER, id))
            .toList();
    try {
      long least = Long.MAX_VALUE;
      for (Config config : admin.describeConfigs(brokers).all().get().values()) {
        ConfigEntry entry = config.get(MAX_TIMEOUT); // what only resembles Kafka may not have it
        least =
            Math.min(
                least,
                entry == null || entry.value() == null
                    ? untold(warn)
                    : Long.parseLong(entry.value()));
      }
      return least;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        return untold(warn);
      }
      throw e;
    }
  }

  private static long untold(Consumer<String> warn) {
    warn.accept(
        "not checked, since the brokers do not tell this user: --transaction-timeout must not be"
            + " longer than their "
            + MAX_TIMEOUT);
    return Long.MAX_VALUE;
  }
}
