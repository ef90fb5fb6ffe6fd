package io.penstock.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.job.RefusedException;
import io.penstock.job.kafka.KafkaJob;
import io.penstock.job.kafka.SecureKafkaBroker;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.PrefillResult;
import io.penstock.udf.family.Stages;
import io.penstock.udf.model.Goldens;
import io.penstock.udf.model.TinyModels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.WriterAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job and the command line tools on a Kafka that takes nothing but TLS with a password: with
 * {@code --kafka-properties} all is as ever; without it, or with a wrong password, everybody is
 * told in time; and the password is nowhere to be read.
 */
@Timeout(120)
class SecureKafkaITCase {
  private static final String MODEL = "llama-gqa-a";
  private static final String SECRET = "swordfish";
  private static final String KEPT = "kept";
  private static final Duration IN_TIME = Duration.ofSeconds(30);

  @TempDir private static Path folder;
  private static final StringWriter LOG = new StringWriter();
  private static SecureKafkaBroker broker;
  private static Path properties;
  private static KafkaJob job;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void startJob() throws Exception {
    keepLog();
    broker = new SecureKafkaBroker(folder, SECRET);
    properties = broker.clientProperties("client.properties", SECRET);
    job = start("--delivery=exactly-once", "--kafka-properties=" + properties);
  }

  private static KafkaJob start(String... more) throws Exception {
    List<String> options = new ArrayList<>();
    options.add("--model-path=" + TinyModels.directory(MODEL));
    options.add("--backend=reference");
    options.add("--checkpoint-interval=200ms");
    options.add("--bootstrap-servers=" + broker.bootstrapServers());
    options.addAll(List.of(more));
    return KafkaJob.start(folder.resolve("checkpoints"), new Stages(), options);
  }

  @AfterAll
  static void stopJob() throws Exception {
    job.close();
    broker.close();
    LoggerContext context = LoggerContext.getContext(false);
    context.getConfiguration().getRootLogger().removeAppender(KEPT);
    context.updateLoggers();
    assertThat(LOG.toString())
        .as("what was logged")
        .contains("sasl.jaas.config = [hidden]")
        .doesNotContain(SECRET);
  }

  /** Everything that is logged from INFO on, to be searched when all is over. */
  private static void keepLog() {
    LoggerContext context = LoggerContext.getContext(false);
    Configuration configuration = context.getConfiguration();
    WriterAppender appender =
        WriterAppender.createAppender(
            PatternLayout.createDefaultLayout(), null, LOG, KEPT, false, true);
    appender.start();
    configuration.getRootLogger().addAppender(appender, Level.INFO, null);
    configuration.getRootLogger().setLevel(Level.INFO);
    context.updateLoggers();
  }

  @Test
  void askAndCancelAreAnswered() throws Exception {
    Goldens.Prompt prompt = Goldens.tiny(MODEL).get(0);
    String ids = Arrays.stream(prompt.ids()).mapToObj(i -> "" + i).collect(Collectors.joining(","));
    int code = run("ask", "--kafka-properties=" + properties, "--json", "--token-ids=" + ids);
    assertThat(code).as(err.toString()).isZero();
    PrefillResult result = JsonCodec.PREFILL_RESULT.decode(out.toString().strip());
    assertThat(result.getFirstTokenId()).isEqualTo(prompt.argmax());
    assertThat(run("cancel", "--kafka-properties=" + properties, "x")).as(err.toString()).isZero();
  }

  @Test
  void aWrongPasswordIsToldInTime() throws Exception {
    Path wrong = broker.clientProperties("wrong.properties", "not-" + SECRET);
    String option = "--kafka-properties=" + wrong;
    long begin = System.nanoTime();
    RefusedException refused = catchThrowableOfType(RefusedException.class, () -> start(option));
    assertThat(refused)
        .hasMessageContaining("SaslAuthenticationException")
        .hasMessageContaining(option)
        .hasMessageNotContaining(SECRET);
    assertThat(run("ask", option, "--token-ids=1")).isEqualTo(1);
    assertThat(run("cancel", option, "x")).isEqualTo(1);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(IN_TIME);
    assertThat(err.toString())
        .contains("error: Kafka does not answer as needed", "SaslAuthenticationException", option)
        .doesNotContain(SECRET);
  }

  @Test
  void withoutTheFileItIsNamedAtOnce() {
    long begin = System.nanoTime();
    String expected =
        "the broker at "
            + broker.bootstrapServers()
            + " wants TLS: say how with security.protocol and its fellows in the file of"
            + " --kafka-properties FILE";
    RefusedException refused = catchThrowableOfType(RefusedException.class, () -> start());
    assertThat(refused).hasMessage(expected);
    assertThat(run("ask", "--token-ids=1")).isEqualTo(1);
    assertThat(run("cancel", "x")).isEqualTo(1);
    assertThat(err.toString().lines()).hasSize(2).containsOnly("error: " + expected);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(IN_TIME);
  }

  @Test
  void thePasswordIsOnNoPage() throws Exception {
    String id = job.client().getJobID().toString();
    HttpClient http = HttpClient.newHttpClient();
    for (String page :
        List.of(
            "/config",
            "/jobmanager/config",
            "/jobmanager/environment",
            "/jobs/" + id,
            "/jobs/" + id + "/config",
            "/jobs/" + id + "/plan",
            "/jobs/" + id + "/exceptions",
            "/jobs/" + id + "/checkpoints/config")) {
      URI uri = URI.create("http://localhost:" + job.restPort() + page);
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(uri).timeout(IN_TIME).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(page).isEqualTo(200);
      assertThat(response.body()).as(page).isNotEmpty().doesNotContain(SECRET);
    }
  }

  private int run(String command, String... args) {
    List<String> words = new ArrayList<>(List.of(command));
    words.add("--bootstrap-servers=" + broker.bootstrapServers());
    words.addAll(List.of(args));
    return Main.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words.toArray(String[]::new));
  }
}
