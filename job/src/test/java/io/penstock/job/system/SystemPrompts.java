package io.penstock.job.system;

import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.TokenLogit;
import io.penstock.udf.model.Goldens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** What the system test sends: good prompts, and a broken one of every kind among them. */
final class SystemPrompts {
  /** Of the sample model. */
  static final int VOCABULARY = 49_152;

  /** Of the sample model. */
  static final int CONTEXT_TOKENS = 8_192;

  /** The job's KV pool: a prompt may fit the context and not the pool. */
  static final int KV_TOKENS = 8_128;

  /** Largest logits asked for with every prompt. */
  static final int TOP_LOGITS = 5;

  private static final int[] RANDOM_LENGTHS = {
    1, 3, 17, 63, 100, 127, 128, 129, 200, 255, 300, 400, 511, 512, 513, 600, 777, 1000, 1500, 2100
  };
  private static final String TEXT = "Water in a penstock pushes on the turbine because";

  /**
   * @param id request_id
   * @param ids its tokens; null for the one that is sent as text
   * @param text null for all others
   * @param golden token that other software gives; null where none was asked, or where it was not
   *     sure of it
   */
  record Good(String id, int[] ids, String text, Integer golden) {
    byte[] encode() {
      Prompt.Builder prompt = prompt(id).setTopLogits(TOP_LOGITS).setMetadata(Map.of("id", id));
      return AvroCodec.PROMPT.encode(
          (text == null ? prompt.setTokenIds(boxed(ids)) : prompt.setText(text)).build());
    }
  }

  /**
   * @param reason why it has to be refused
   * @param key of the record
   * @param value of the record
   */
  record Broken(ReasonCode reason, String key, byte[] value) {}

  private SystemPrompts() {}

  /**
   * @return 40 prompts of 1 to 8,000 tokens, shuffled
   */
  static List<Good> good(Random random) {
    List<Good> prompts = new ArrayList<>();
    for (String name : Goldens.SMOLLM2) {
      Goldens.Prompt golden = Goldens.smollm2(name);
      // In bf16 the logits move: a golden with a near tie is no oracle there.
      double moves = 2 * golden.bf16MaxAbs().orElse(0.5);
      Integer token = golden.greedyMargin()[0] > moves ? golden.argmax() : null;
      prompts.add(new Good("golden-" + name, golden.ids(), null, token));
    }
    for (int length : RANDOM_LENGTHS) {
      int[] ids = random.ints(length, 0, VOCABULARY).toArray();
      prompts.add(new Good("random-" + length, ids, null, null));
    }
    prompts.add(new Good("text", null, TEXT, null));
    Collections.shuffle(prompts, random);
    return prompts;
  }

  /**
   * @param duplicated a prompt that is queued or open when these arrive
   * @return a record of every kind that has to be refused
   */
  static List<Broken> broken(Good duplicated, Random random) {
    byte[] noise = new byte[100];
    random.nextBytes(noise);
    noise[0] = 0;
    byte[] foreign = AvroCodec.PROMPT.encode(prompt("foreign").setText("x").build());
    foreign[4]++; // in the schema's fingerprint
    int[] ids = {1, 2, 3};
    return List.of(
        new Broken(ReasonCode.DUPLICATE_REQUEST_ID, duplicated.id(), duplicated.encode()),
        new Broken(ReasonCode.UNREADABLE_RECORD, "noise", noise),
        new Broken(ReasonCode.UNKNOWN_SCHEMA, "foreign", foreign),
        broken(ReasonCode.EMPTY_REQUEST_ID, prompt("").setTokenIds(boxed(ids))),
        broken(ReasonCode.NO_TEXT_OR_TOKEN_IDS, prompt("neither")),
        broken(
            ReasonCode.BOTH_TEXT_AND_TOKEN_IDS,
            prompt("both").setText("x").setTokenIds(boxed(ids))),
        broken(ReasonCode.NO_TOKENS, prompt("no-tokens").setTokenIds(List.of())),
        broken(
            ReasonCode.TOKEN_ID_OUT_OF_VOCABULARY,
            prompt("vocabulary").setTokenIds(List.of(1, VOCABULARY))),
        broken(
            ReasonCode.MAX_NEW_TOKENS_OUT_OF_RANGE,
            prompt("max-new-tokens").setTokenIds(boxed(ids)).setMaxNewTokens(2)),
        broken(
            ReasonCode.TOP_LOGITS_OUT_OF_RANGE,
            prompt("top-logits").setTokenIds(boxed(ids)).setTopLogits(-1)),
        broken(
            ReasonCode.LONGER_THAN_CONTEXT,
            prompt("context").setTokenIds(boxed(new int[CONTEXT_TOKENS + 1]))),
        broken(
            ReasonCode.LONGER_THAN_KV_POOL,
            prompt("kv-pool").setTokenIds(boxed(new int[KV_TOKENS + 1]))));
  }

  private static Broken broken(ReasonCode reason, Prompt.Builder prompt) {
    Prompt built = prompt.build();
    return new Broken(reason, built.getRequestId(), AvroCodec.PROMPT.encode(built));
  }

  private static Prompt.Builder prompt(String id) {
    return Prompt.newBuilder().setRequestId(id);
  }

  private static List<Integer> boxed(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  /** The largest logits, the lowest id first on a tie. */
  static List<TokenLogit> top(float[] logits) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer id) -> -logits[id]))
        .limit(TOP_LOGITS)
        .map(id -> new TokenLogit(id, logits[id]))
        .toList();
  }
}
