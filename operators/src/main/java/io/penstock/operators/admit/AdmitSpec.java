package io.penstock.operators.admit;

import java.io.Serializable;

/**
 * What {@link AdmitFunction} checks prompts against.
 *
 * @param modelPath GGUF file or Hugging Face directory, readable where Admit runs; its tokenizer is
 *     used
 * @param format encoding of the records
 * @param contextTokens most tokens the model takes
 * @param kvTokens tokens that the KV pool holds ({@code --max-total-tokens}, rounded to pages)
 * @param vocabSize size of the vocabulary
 * @param chatTemplate text of a chat template in place of the model's own; null for that
 */
public record AdmitSpec(
    String modelPath,
    RecordFormat format,
    int contextTokens,
    long kvTokens,
    int vocabSize,
    String chatTemplate)
    implements Serializable {}
