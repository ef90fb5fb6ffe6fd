package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.cli.Main;
import io.penstock.job.kafka.KafkaBroker;
import io.penstock.job.kafka.KafkaClients;
import io.penstock.job.kafka.KafkaEdges;
import io.penstock.job.kafka.KafkaOptions;
import io.penstock.job.kafka.KafkaTopics;
import io.penstock.udf.family.Stages;
import io.penstock.udf.loopback.LoopbackHttpServerProvider;
import io.penstock.udf.model.TinyModels;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.prometheus.PrometheusReporterFactory;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Every metric that the recording rules and the dashboard name is one that the job shows, or that a
 * rule makes. The job runs in this process, with Flink's Prometheus reporter, and answers prompts.
 */
class MonitoringITCase {
  private static final Path FOLDER = Path.of("..", "flink-conf", "monitoring");
  private static final Path OPERATIONS = Path.of("..", "docs", "operations.md");
  private static final String OPERATOR = "flink_taskmanager_job_task_operator_";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private static Path folder;
  private static KafkaBroker broker;
  private static JobClient job;
  private static String scraped;

  @BeforeAll
  static void scrapeAJobThatHasAnswered() throws Exception {
    // As in flink-conf/config.yaml: the reporter's server listens on loopback alone.
    System.setProperty(
        "com.sun.net.httpserver.HttpServerProvider", LoopbackHttpServerProvider.class.getName());
    int port = freePort();
    broker = new KafkaBroker();
    Options options = new Options();
    Commands.of(options)
        .parseArgs(
            "--model-path=" + TinyModels.directory("llama-gqa-a"),
            "--backend=reference",
            "--pp-size=2",
            "--bootstrap-servers=" + broker.bootstrapServers());
    KafkaClients clients = options.kafka.connection().clients();
    KafkaTopics topics =
        KafkaTopics.prepare(
            clients,
            options.kafka,
            warning -> {
              throw new AssertionError(warning);
            });
    PrefillPlan plan = PrefillPlan.resolve(options.job);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(
            Configuration.fromMap(
                Map.of(
                    "taskmanager.numberOfTaskSlots",
                    "3",
                    "rest.bind-port",
                    "0",
                    "execution.checkpointing.dir",
                    folder.toUri().toString(),
                    "metrics.reporters",
                    "prom",
                    "metrics.reporter.prom.port",
                    "" + port,
                    "metrics.reporter.prom.factory.class",
                    PrometheusReporterFactory.class.getName())));
    PrefillRuntime.require(environment);
    PrefillRuntime.recover(environment, Duration.ofMillis(200));
    PrefillTopology.build(
        environment, plan, new KafkaEdges(clients, options.kafka, topics), new Stages());
    job = environment.executeAsync(plan.jobName());
    for (int prompt = 0; prompt < 2; prompt++) {
      int code =
          Main.commandLine()
              .execute(
                  "ask",
                  "--bootstrap-servers=" + broker.bootstrapServers(),
                  "--token-ids=5,6,7,8",
                  "--timeout=" + PATIENCE.toSeconds() + "s");
      assertThat(code).isZero();
    }
    scraped = scrape(port);
  }

  @AfterAll
  static void stop() throws Exception {
    if (job != null) {
      job.cancel().get();
    }
    if (broker != null) {
      broker.close();
    }
  }

  @Test
  void theScrapeCountsWhatWasAnswered() {
    assertThat(value("results", "First_token")).isEqualTo(2);
    assertThat(value("promptTokens", "First_token")).isEqualTo(8);
    assertThat(value("ttftMs_count", "First_token")).isEqualTo(2);
    assertThat(value("tokens", "Head_and_stage_0__layers_0_0")).isEqualTo(8);
    assertThat(value("tokens", "Stage_1__layers_1_2")).isEqualTo(8);
    assertThat(scraped).contains(OPERATOR + "ttftMs{").contains("quantile=\"0.99\"");
  }

  @Test
  void everyMetricOfTheRulesExists() throws IOException {
    Set<String> known = new TreeSet<>(shown());
    Map<String, String> rules = rules();
    assertThat(rules).hasSizeGreaterThan(20);
    rules.forEach(
        (record, expression) -> {
          assertThat(known).as(record).containsAll(metrics(expression));
          known.add(record);
        });
  }

  @Test
  void everyMetricOfTheDashboardExists() throws IOException {
    Set<String> known = new TreeSet<>(shown());
    known.addAll(rules().keySet());
    String dashboard = Files.readString(FOLDER.resolve("grafana-dashboard.json"));
    Matcher expression = Pattern.compile("\"expr\": \"((?:[^\"\\\\]|\\\\.)*)\"").matcher(dashboard);
    int expressions = 0;
    for (; expression.find(); expressions++) {
      String text = expression.group(1).replace("\\\"", "\"");
      assertThat(known).as(text).containsAll(metrics(text));
    }
    assertThat(expressions).isGreaterThan(20);
    Matcher of = Pattern.compile("label_values\\((\\w+), job_name\\)").matcher(dashboard);
    assertThat(of.find()).as("the variable of the job's name").isTrue();
    assertThat(known).contains(of.group(1));
  }

  @Test
  void everyMetricThatOperationsListsExists() throws IOException {
    Set<String> listed = new TreeSet<>();
    Matcher row =
        Pattern.compile("(?m)^\\| (`.*`) \\| [^|]*(?:Admit|head|stages|first token)[^|]* \\|")
            .matcher(Files.readString(OPERATIONS));
    while (row.find()) {
      Matcher name = Pattern.compile("`(\\w+)(\\.REASON)?`").matcher(row.group(1));
      while (name.find()) {
        listed.add(name.group(2) == null ? name.group(1) : name.group(1) + "_NO_TOKENS");
      }
    }
    assertThat(listed).hasSizeGreaterThan(25);
    Set<String> ours =
        shown().stream()
            .filter(name -> name.startsWith(OPERATOR))
            .map(name -> name.substring(OPERATOR.length()))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(ours).containsAll(listed);
  }

  @Command(name = "monitored")
  private static final class Options {
    @Mixin private PrefillOptions job;
    @Mixin private KafkaOptions kafka;
  }

  /** Names in the scrape; of a summary also the one of its quantiles. */
  private static Set<String> shown() {
    return scraped
        .lines()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .map(line -> line.split("[{ ]", 2)[0])
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static double value(String metric, String operator) {
    return scraped
        .lines()
        .filter(line -> line.startsWith(OPERATOR + metric + "{"))
        .filter(line -> line.contains("operator_name=\"" + operator + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  /** Records and their expressions, in order. */
  private static Map<String, String> rules() throws IOException {
    Map<String, String> rules = new LinkedHashMap<>();
    String text = Files.readString(FOLDER.resolve("penstock-rules.yml"));
    Matcher rule = Pattern.compile("(?m)^ +- record: (\\S+)\\n +expr: '(.*)'$").matcher(text);
    while (rule.find()) {
      assertThat(rules.put(rule.group(1), rule.group(2))).as(rule.group(1)).isNull();
    }
    assertThat(text.lines().filter(line -> line.contains("record:")).count())
        .as("rules that are written as this test reads them")
        .isEqualTo(rules.size());
    return rules;
  }

  /** Names of metrics in a PromQL expression of the kinds that are used here. */
  private static Set<String> metrics(String expression) {
    String bare =
        expression
            .replaceAll("\\{[^}]*}", " ")
            .replaceAll("\"[^\"]*\"", " ")
            .replaceAll("\\[[^]]*]", " ")
            .replaceAll("\\bby \\([^)]*\\)", " ");
    Set<String> names = new TreeSet<>();
    Matcher name = Pattern.compile("[A-Za-z_:][\\w:]*+(?! *\\()").matcher(bare);
    while (name.find()) {
      names.add(name.group());
    }
    assertThat(names).as("metrics in %s", expression).isNotEmpty().doesNotContain("sum", "rate");
    return names;
  }

  private static String scrape(int port) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
            .timeout(PATIENCE)
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
