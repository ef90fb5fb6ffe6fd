package io.penstock.operators.admit;

import io.penstock.schemas.AvroCodec;
import io.penstock.schemas.JsonCodec;
import io.penstock.schemas.Prompt;
import io.penstock.schemas.ReasonCode;
import io.penstock.schemas.RecordHeader;
import io.penstock.schemas.UnreadableRecordException;
import io.penstock.udf.model.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What it takes to be admitted: reads a record, checks it and tokenizes it. Messages hold names and
 * numbers, never a prompt's content. Used by one thread.
 */
final class Admission {

  /** Most logits that a prompt may ask for. */
  static final int MAX_TOP_LOGITS = 1000;

  private final AdmitSpec spec;
  private final Tokenizer tokenizer;
  private final String tokenizerFailure;
  private final ChatRenderer chat;

  /**
   * @param spec what prompts are checked against
   * @param tokenizer encodes texts; null if the model came without one; stays the caller's
   * @param chat makes texts of conversations
   */
  Admission(AdmitSpec spec, Tokenizer tokenizer, ChatRenderer chat) {
    this(spec, tokenizer, null, chat);
  }

  private Admission(
      AdmitSpec spec, Tokenizer tokenizer, String tokenizerFailure, ChatRenderer chat) {
    this.spec = spec;
    this.tokenizer = tokenizer;
    this.tokenizerFailure = tokenizerFailure;
    this.chat = chat;
  }

  /**
   * @param spec what prompts are checked against
   * @param tokenizerFailure why the model's tokenizer cannot be used
   * @param chat makes texts of conversations, which cannot be encoded either
   * @return an admission that takes token ids alone
   */
  static Admission withoutTokenizer(AdmitSpec spec, String tokenizerFailure, ChatRenderer chat) {
    return new Admission(spec, null, tokenizerFailure, chat);
  }

  AdmittedPrompt admit(SourceRecord origin) throws RefusedException {
    Prompt prompt = read(origin);
    String requestId = prompt.getRequestId();
    if (requestId.isEmpty()) {
      throw new RefusedException(null, ReasonCode.EMPTY_REQUEST_ID, "request_id is empty");
    }
    checkLabels(prompt, CarriedHeaders.of(origin.headers()));
    checkRanges(prompt);
    int[] tokenIds = tokenIds(prompt);
    checkLength(requestId, tokenIds.length);
    String routingKey = prompt.getRoutingKey();
    return new AdmittedPrompt(
        requestId,
        routingKey == null || routingKey.isEmpty() ? requestId : routingKey,
        tokenIds,
        prompt.getTopLogits(),
        prompt.getMetadata(),
        arrivalMillis(origin),
        origin);
  }

  private Prompt read(SourceRecord origin) throws RefusedException {
    byte[] value = origin.value();
    try {
      return switch (spec.format()) {
        case AVRO -> AvroCodec.PROMPT.decode(value);
        case JSON -> JsonCodec.PROMPT.decode(value, idOf(origin.key()));
      };
    } catch (UnreadableRecordException e) {
      throw new RefusedException(
          Labels.repeatable(e.requestId()), e.reasonCode(), e.getMessage() + hint(value));
    }
  }

  /** The key as text; null if it is none. */
  private static String idOf(byte[] key) {
    if (key == null || key.length == 0) {
      return null;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private String hint(byte[] value) {
    boolean json = value != null && value.length > 0 && value[0] == '{';
    boolean avro = RecordFormat.of(value) == RecordFormat.AVRO;
    return switch (spec.format()) {
      case AVRO -> json ? "; it looks like JSON, for a job with --prompt-format json" : "";
      case JSON -> avro ? "; it looks like Avro, for a job with --prompt-format avro" : "";
    };
  }

  /** Producers set timestamps; for one that is missing (-1) or cannot be, the time of reading. */
  private static long arrivalMillis(SourceRecord origin) {
    long now = System.currentTimeMillis();
    return origin.timestampMillis() < 0 ? now : Math.min(origin.timestampMillis(), now);
  }

  private static void checkLabels(Prompt prompt, List<RecordHeader> headers)
      throws RefusedException {
    long bytes =
        Labels.bytes(prompt.getRequestId(), prompt.getRoutingKey(), prompt.getMetadata(), headers);
    if (bytes > Labels.MAX_BYTES) {
      throw new RefusedException(
          Labels.repeatable(prompt.getRequestId()),
          ReasonCode.LABELS_TOO_LARGE,
          "request_id, routing_key, metadata and carried headers are too large together: bytes="
              + bytes
              + " most="
              + Labels.MAX_BYTES
              + " metadata_entries="
              + prompt.getMetadata().size()
              + " carried_headers="
              + headers.size());
    }
  }

  private void checkRanges(Prompt prompt) throws RefusedException {
    String requestId = prompt.getRequestId();
    if (prompt.getMaxNewTokens() != 1) {
      throw new RefusedException(
          requestId,
          ReasonCode.MAX_NEW_TOKENS_OUT_OF_RANGE,
          "only one new token is supported for now: max_new_tokens="
              + prompt.getMaxNewTokens()
              + " supported=1");
    }
    int most = Math.min(MAX_TOP_LOGITS, spec.vocabSize());
    if (prompt.getTopLogits() < 0 || prompt.getTopLogits() > most) {
      throw new RefusedException(
          requestId,
          ReasonCode.TOP_LOGITS_OUT_OF_RANGE,
          "top_logits is out of range: top_logits=" + prompt.getTopLogits() + " range=0.." + most);
    }
    checkContent(prompt);
  }

  /** One of text, token_ids and messages; what only messages need, only with them. */
  private static void checkContent(Prompt prompt) throws RefusedException {
    List<String> given = new ArrayList<>();
    if (prompt.getText() != null) {
      given.add("text");
    }
    if (prompt.getTokenIds() != null) {
      given.add("token_ids");
    }
    if (prompt.getMessages() != null) {
      given.add("messages");
    }
    if (given.size() != 1) {
      throw new RefusedException(
          prompt.getRequestId(),
          given.isEmpty() ? ReasonCode.NO_TEXT_OR_TOKEN_IDS : ReasonCode.BOTH_TEXT_AND_TOKEN_IDS,
          given.isEmpty()
              ? "none of text, token_ids and messages is given; give one of them"
              : String.join(" and ", given) + " are given; give one of them");
    }
    if (prompt.getMessages() == null) {
      checkNoChatFields(prompt);
    }
  }

  private static void checkNoChatFields(Prompt prompt) throws RefusedException {
    List<String> given = new ArrayList<>();
    if (prompt.getTools() != null) {
      given.add("tools");
    }
    if (prompt.getDocuments() != null) {
      given.add("documents");
    }
    if (!prompt.getAddGenerationPrompt()) {
      given.add("add_generation_prompt=false");
    }
    if (prompt.getChatTemplateKwargs() != null) {
      given.add("chat_template_kwargs");
    }
    if (!given.isEmpty()) {
      throw new RefusedException(
          prompt.getRequestId(),
          ReasonCode.CHAT_FIELDS_WITHOUT_MESSAGES,
          "fields mean something with messages only: given=" + String.join(",", given));
    }
  }

  private int[] tokenIds(Prompt prompt) throws RefusedException {
    String requestId = prompt.getRequestId();
    String text = prompt.getMessages() == null ? prompt.getText() : chat.render(prompt);
    int[] ids =
        text == null
            ? prompt.getTokenIds().stream().mapToInt(Integer::intValue).toArray()
            : encoded(requestId, text);
    checkVocabulary(requestId, ids);
    if (ids.length == 0) {
      throw new RefusedException(
          requestId,
          ReasonCode.NO_TOKENS,
          text == null
              ? "token_ids is empty; a prompt has at least one token"
              : "text gives no token; a prompt has at least one: text_chars=" + text.length());
    }
    return ids;
  }

  private int[] encoded(String requestId, String text) throws RefusedException {
    if (text.isEmpty()) {
      return new int[0];
    }
    if (tokenizer == null) {
      throw new RefusedException(
          requestId,
          ReasonCode.NO_TOKENIZER,
          tokenizerFailure == null
              ? "the model came without a tokenizer, so text cannot be encoded; send token_ids"
              : "the model's tokenizer cannot be used, so text cannot be encoded; send token_ids: "
                  + tokenizerFailure);
    }
    try {
      return tokenizer.encode(text);
    } catch (RuntimeException e) {
      // One text must not stop the others; the exception's own message may quote it.
      throw new RefusedException(
          requestId,
          ReasonCode.UNREADABLE_RECORD,
          "the tokenizer failed on the text: text_chars="
              + text.length()
              + " error="
              + e.getClass().getName());
    }
  }

  private void checkVocabulary(String requestId, int[] ids) throws RefusedException {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= spec.vocabSize()) {
        // Not the id: that is content.
        throw new RefusedException(
            requestId,
            ReasonCode.TOKEN_ID_OUT_OF_VOCABULARY,
            "token id is outside the vocabulary: position="
                + i
                + " tokens="
                + ids.length
                + " vocab_size="
                + spec.vocabSize());
      }
    }
  }

  private void checkLength(String requestId, int tokens) throws RefusedException {
    if (tokens > spec.contextTokens()) {
      throw new RefusedException(
          requestId,
          ReasonCode.LONGER_THAN_CONTEXT,
          "prompt is longer than the model's context: prompt_tokens="
              + tokens
              + " context_tokens="
              + spec.contextTokens());
    }
    if (tokens > spec.kvTokens()) {
      throw new RefusedException(
          requestId,
          ReasonCode.LONGER_THAN_KV_POOL,
          "prompt is longer than the KV pool: prompt_tokens="
              + tokens
              + " kv_pool_tokens="
              + spec.kvTokens()
              + "; see --max-total-tokens");
    }
  }
}
