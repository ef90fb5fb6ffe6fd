package io.penstock.operators.stage;

/** What a frame carries. Ids are part of the wire format: they are never reused or renumbered. */
public enum FrameKind {
  /** A batch on its way through the stages; the body is its residual stream. */
  ACTIVATIONS(1),
  /**
   * A batch that left the last stage; the body is the logits of the last token of each segment that
   * is its prompt's last, in their order. No row if no prompt ended in the batch.
   */
  LOGITS(2),
  /** A prompt is given up; no body. */
  ABORT(3);

  // 4 is kept for KV blocks, 5 for the end of a prompt.

  private final byte id;

  FrameKind(int id) {
    this.id = (byte) id;
  }

  /**
   * @return the id on the wire
   */
  public byte id() {
    return id;
  }

  /**
   * @param id an id from the wire
   * @return its kind
   * @throws FrameException if no kind has that id
   */
  static FrameKind of(byte id) throws FrameException {
    for (FrameKind kind : values()) {
      if (kind.id == id) {
        return kind;
      }
    }
    throw new FrameException("unknown frame kind: kind=" + id + "; do all stages run one build?");
  }
}
