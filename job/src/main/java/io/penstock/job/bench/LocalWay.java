package io.penstock.job.bench;

import io.penstock.job.PrefillEdges;
import io.penstock.job.PrefillPlan;
import io.penstock.job.PrefillRuntime;
import io.penstock.job.PrefillTopology;
import io.penstock.job.local.LocalCluster;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.DeadLetter;
import io.penstock.udf.stage.StageOpener;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job's graph in this process, as {@code penstock local} runs it: one job for all rounds, fed
 * with prompts and asked for answers by queues.
 */
final class LocalWay implements Way {
  private static final long POLL_MILLIS = 500;
  private static final long END_SECONDS = 60;

  private final String name = "bench-" + UUID.randomUUID();
  private final Feed feed = new Feed(name);
  private final JobClient job;
  private long nextPrompt;

  /**
   * Starts the job; its stages open in the background.
   *
   * @param plan the job's
   * @param opener opens the stages
   * @throws Exception if the job cannot be started
   */
  LocalWay(PrefillPlan plan, StageOpener opener) throws Exception {
    try {
      StreamExecutionEnvironment environment = LocalCluster.environment(plan);
      PrefillRuntime.require(environment);
      PrefillTopology.build(environment, plan, new Edges(name), opener);
      job = environment.executeAsync(plan.jobName());
    } catch (Exception e) {
      feed.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "local";
  }

  @Override
  public int[] prefill(List<int[]> prompts) throws Exception {
    Tickets tickets = new Tickets(prompts.size());
    for (int[] ids : prompts) {
      byte[] value = AvroCodec.PROMPT.encode(tickets.prompt(ids));
      long now = System.currentTimeMillis();
      feed.send(new SourceRecord(name, 0, nextPrompt++, now, null, value, List.of()));
    }
    while (tickets.open() > 0) {
      Feed.Answer answer = feed.answers().poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
      if (answer == null) {
        checkRunning();
      } else if (answer.refused() != null) {
        throw new IllegalStateException(
            "a prompt was refused: " + answer.refused().getReasonCode());
      } else {
        tickets.answer(answer.result());
      }
    }
    return tickets.firstTokens();
  }

  private void checkRunning() throws Exception {
    if (job.getJobExecutionResult().isDone()) {
      job.getJobExecutionResult().get();
      throw new IllegalStateException("the job has ended");
    }
  }

  @Override
  public Duration processorTime() {
    return ProcessorTime.ofThisProcess();
  }

  @Override
  public void close() {
    feed.end();
    try {
      job.getJobExecutionResult().get(END_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the job did not end well", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      feed.close();
    }
  }

  private record Edges(String feed) implements PrefillEdges {
    @Override
    public RecordFormat format() {
      return RecordFormat.AVRO;
    }

    @Override
    public Source<SourceRecord, ?, ?> prompts() {
      return new FeedSource(feed);
    }

    @Override
    public Sink<ResultRecord> results() {
      return FeedSink.results(feed);
    }

    @Override
    public Sink<DeadLetter> deadLetters(RefusedBy refusedBy) {
      return FeedSink.deadLetters(feed);
    }

    @Override
    public ControlSource control() {
      return null;
    }
  }
}
