package io.penstock.udf.model;

/**
 * A conversation lacks something that every chat template needs, or has something that this one
 * does not read. The message names members and places, and quotes no content.
 */
public final class ConversationException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean unreadMember;

  /**
   * @param message what is wrong, with the message's number from 0
   * @param unreadMember whether it is a member that nobody reads
   */
  ConversationException(String message, boolean unreadMember) {
    super(message);
    this.unreadMember = unreadMember;
  }

  /**
   * @return whether it is a member that the template does not read
   */
  public boolean unreadMember() {
    return unreadMember;
  }
}
