package io.penstock.job.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The gauges of a running job as Flink's REST API has them, looked at again and again: the largest
 * value of each name, over all operators.
 */
final class JobMetrics implements AutoCloseable {
  private static final List<String> NAMES =
      List.of("queuedBytes", "openPrompts", "batchesInFlight", "kvPagesUsed", "kvPagesTotal");
  private static final Pattern VERTEX = Pattern.compile("\"id\":\"([0-9a-f]{32})\",\"slotSharing");
  private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]+)\"");
  private static final Pattern VALUE =
      Pattern.compile("\"id\":\"([^\"]+)\",\"value\":\"([-0-9.E]+)\"");

  private final HttpClient client = HttpClient.newHttpClient();
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final Map<String, Double> most = new ConcurrentHashMap<>();
  private final String job;
  private List<String> queries = List.of();
  private ScheduledFuture<?> watching;

  /**
   * @param webUi address of the REST API
   * @param jobId whose metrics
   */
  JobMetrics(String webUi, String jobId) {
    job = webUi + "/jobs/" + jobId;
  }

  /** Begins to look, so often. */
  void watch(Duration interval) throws IOException {
    queries = queries();
    watching =
        thread.scheduleWithFixedDelay(this::look, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * @return the largest value seen of each name; fails if looking failed
   */
  Map<String, Double> most() {
    assertThat(watching.isDone()).as("looking has failed").isFalse();
    return Map.copyOf(most);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void look() {
    try {
      for (String query : queries) {
        Matcher value = VALUE.matcher(get(query));
        while (value.find()) {
          most.merge(nameOf(value.group(1)), Double.valueOf(value.group(2)), Math::max);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // ends the watch
    }
  }

  private List<String> queries() throws IOException {
    List<String> found = new ArrayList<>();
    Matcher vertex = VERTEX.matcher(get(job));
    while (vertex.find()) {
      String metrics = job + "/vertices/" + vertex.group(1) + "/metrics";
      Set<String> ids = new LinkedHashSet<>();
      Matcher id = ID.matcher(get(metrics));
      while (id.find()) {
        if (NAMES.contains(nameOf(id.group(1)))) {
          ids.add(URLEncoder.encode(id.group(1), StandardCharsets.UTF_8));
        }
      }
      if (!ids.isEmpty()) {
        found.add(metrics + "?get=" + String.join(",", ids));
      }
    }
    return found;
  }

  private static String nameOf(String id) {
    return id.substring(id.lastIndexOf('.') + 1);
  }

  private String get(String address) throws IOException {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
      return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking " + address);
    }
  }
}
