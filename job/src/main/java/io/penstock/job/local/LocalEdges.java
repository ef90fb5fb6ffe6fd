package io.penstock.job.local;

import io.penstock.job.PrefillEdges;
import io.penstock.operators.admit.RecordFormat;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.ControlSource;
import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.DeadLetter;
import java.nio.file.Path;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * Prompts from a file, answers to a file.
 *
 * @param input JSONL, one prompt a line
 * @param lines how many lines of it to read
 * @param answers name of an open {@link AnswerFile}
 */
record LocalEdges(Path input, long lines, String answers) implements PrefillEdges {
  @Override
  public RecordFormat format() {
    return RecordFormat.JSON;
  }

  @Override
  public Source<SourceRecord, ?, ?> prompts() {
    return new LinesSource(input, lines);
  }

  @Override
  public Sink<ResultRecord> results() {
    return AnswerSink.results(answers);
  }

  @Override
  public Sink<DeadLetter> deadLetters(RefusedBy refusedBy) {
    return AnswerSink.deadLetters(answers);
  }

  @Override
  public ControlSource control() {
    return null;
  }
}
