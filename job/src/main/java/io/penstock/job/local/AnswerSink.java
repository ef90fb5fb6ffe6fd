package io.penstock.job.local;

import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.DeadLetter;
import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Writes answers to an {@link AnswerFile} of this process, each at once.
 *
 * @param <T> what is answered
 */
final class AnswerSink<T> implements Sink<T> {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final Form<T> form;

  private AnswerSink(String file, Form<T> form) {
    this.file = file;
    this.form = form;
  }

  /** How a line is written. */
  private interface Form<T> extends Serializable {
    void write(AnswerFile file, T answer) throws IOException;
  }

  /**
   * @param file name of an open {@link AnswerFile}
   * @return takes results; a line has no headers
   */
  static Sink<ResultRecord> results(String file) {
    return new AnswerSink<>(file, (answers, record) -> answers.result(record.result()));
  }

  /**
   * @param file name of an open {@link AnswerFile}
   * @return takes refused lines
   */
  static Sink<DeadLetter> deadLetters(String file) {
    return new AnswerSink<>(file, AnswerFile::refused);
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
    return new Writer<>(AnswerFile.find(file), form);
  }

  private record Writer<T>(AnswerFile file, Form<T> form) implements SinkWriter<T> {
    @Override
    public void write(T answer, Context context) throws IOException {
      form.write(file, answer);
    }

    @Override
    public void flush(boolean endOfInput) {
      // each line is flushed as it is written
    }

    @Override
    public void close() {
      // the file is its opener's
    }
  }
}
