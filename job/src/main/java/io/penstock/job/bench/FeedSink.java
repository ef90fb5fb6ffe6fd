package io.penstock.job.bench;

import io.penstock.operators.token.ResultRecord;
import io.penstock.schemas.DeadLetter;
import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Gives answers to a {@link Feed} of this process.
 *
 * @param <T> what is answered
 */
final class FeedSink<T> implements Sink<T> {
  private static final long serialVersionUID = 1L;

  private final String feed;
  private final Form<T> form;

  private FeedSink(String feed, Form<T> form) {
    this.feed = feed;
    this.form = form;
  }

  private interface Form<T> extends Serializable {
    Feed.Answer answer(T answer);
  }

  /**
   * @param feed name of an open feed
   * @return takes results
   */
  static Sink<ResultRecord> results(String feed) {
    return new FeedSink<>(feed, record -> new Feed.Answer(record.result(), null));
  }

  /**
   * @param feed name of an open feed
   * @return takes refused prompts
   */
  static Sink<DeadLetter> deadLetters(String feed) {
    return new FeedSink<>(feed, refused -> new Feed.Answer(null, refused));
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
    return new Writer<>(Feed.find(feed), form);
  }

  private record Writer<T>(Feed feed, Form<T> form) implements SinkWriter<T> {
    @Override
    public void write(T answer, Context context) {
      feed.answer(form.answer(answer));
    }

    @Override
    public void flush(boolean endOfInput) {
      // each answer is given at once
    }

    @Override
    public void close() {
      // the feed is its opener's
    }
  }
}
