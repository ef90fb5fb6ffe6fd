package io.penstock.schemas;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Random records. */
final class Samples {
  private static final List<String> TEXTS =
      List.of("", "a", "naïve café", "𝄞 clef", "line\nend\u2028", "\"quoted\\\"", "\u0000", "日本語");

  private final Random random;

  Samples(Random random) {
    this.random = random;
  }

  static long seed() {
    long seed = Long.getLong("penstock.seed", 20_261_124L);
    System.out.println("penstock.seed=" + seed);
    return seed;
  }

  Prompt prompt() {
    Prompt.Builder prompt =
        Prompt.newBuilder()
            .setRequestId(text())
            .setRoutingKey(textOrNull())
            .setMaxNewTokens(random.nextInt())
            .setTopLogits(random.nextInt(1000))
            .setMetadata(metadata());
    switch (random.nextInt(3)) {
      case 0 -> prompt.setText(text().repeat(random.nextInt(300)));
      case 1 -> prompt.setTokenIds(ints(random.nextInt(500)));
      default ->
          prompt
              .setMessages(Stream.generate(this::message).limit(random.nextInt(5)).toList())
              .setTools(random.nextBoolean() ? null : array(json(2)))
              .setDocuments(random.nextBoolean() ? null : array(json(1)))
              .setAddGenerationPrompt(random.nextBoolean())
              .setChatTemplateKwargs(random.nextBoolean() ? null : object("k", json(3)));
    }
    return prompt.build();
  }

  private ChatMessage message() {
    return switch (random.nextInt(4)) {
      case 0 -> new ChatMessage(text(), text(), null);
      case 1 -> new ChatMessage(text(), null, null);
      case 2 -> new ChatMessage(text(), null, object("content", array(json(2))));
      default -> new ChatMessage(text(), text(), object("tool_calls", json(4)));
    };
  }

  /** JSON as the codec writes it. */
  private String json(int depth) {
    String deeper = depth == 0 ? "1E+400" : json(depth - 1);
    return switch (random.nextInt(6)) {
      case 0 -> "null";
      case 1 -> "-0.10";
      case 2 -> "true";
      case 3 -> "\"\\\"日\\n\"";
      case 4 -> array(deeper + "," + deeper);
      default -> object("a b", deeper);
    };
  }

  private static String array(String items) {
    return "[" + items + "]";
  }

  private static String object(String name, String value) {
    return "{\"" + name + "\":" + value + "}";
  }

  PrefillResult result() {
    return PrefillResult.newBuilder()
        .setRequestId(text())
        .setStatus(random.nextBoolean() ? ResultStatus.ok : ResultStatus.cancelled)
        .setCancelReason(textOrNull())
        .setModel(text())
        .setPromptTokens(random.nextInt())
        .setCachedTokens(random.nextInt())
        .setFirstTokenId(random.nextBoolean() ? random.nextInt() : null)
        .setFirstTokenText(textOrNull())
        .setTopLogits(
            Stream.generate(() -> new TokenLogit(random.nextInt(), logit()))
                .limit(random.nextInt(20))
                .toList())
        .setChunkTokens(ints(random.nextInt(20)))
        .setChunkPolicy(text())
        .setTtftMs(new TtftMs(number(), number(), number(), number(), number()))
        .setStages(random.nextInt())
        .setJobAttempt(random.nextInt())
        .setMetadata(metadata())
        .build();
  }

  DeadLetter deadLetter() {
    ReasonCode[] codes = ReasonCode.values();
    return DeadLetter.newBuilder()
        .setRequestId(textOrNull())
        .setOriginalKey(bytesOrNull())
        .setOriginalValue(bytesOrNull())
        .setOriginalHeaders(
            Stream.generate(() -> new RecordHeader(text(), bytesOrNull()))
                .limit(random.nextInt(4))
                .toList())
        .setReasonCode(codes[random.nextInt(codes.length)])
        .setMessage(text())
        .setTopic(text())
        .setPartition(random.nextInt())
        .setOffset(random.nextLong())
        .build();
  }

  Cancel cancel() {
    return new Cancel(text(), textOrNull(), textOrNull());
  }

  private String text() {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private String textOrNull() {
    return random.nextBoolean() ? text() : null;
  }

  private ByteBuffer bytesOrNull() {
    if (random.nextBoolean()) {
      return null;
    }
    byte[] bytes = new byte[random.nextInt(50)];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private List<Integer> ints(int count) {
    return IntStream.generate(random::nextInt).limit(count).boxed().toList();
  }

  private Map<String, String> metadata() {
    return random.nextBoolean() ? Map.of() : Map.of("tenant", text(), text(), "x");
  }

  private float logit() {
    return Float.intBitsToFloat(random.nextInt());
  }

  private double number() {
    return Double.longBitsToDouble(random.nextLong());
  }
}
