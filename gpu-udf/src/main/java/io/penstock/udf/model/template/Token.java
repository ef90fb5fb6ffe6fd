package io.penstock.udf.model.template;

/**
 * A piece of a template.
 *
 * @param type what it is
 * @param text a name, an operator, the content of a string, template text; else empty
 * @param value of a number: Long, BigInteger or Double
 * @param at where it begins in the template's text
 */
record Token(TokenType type, String text, Object value, int at) {
  boolean is(String operator) {
    return type == TokenType.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return type == TokenType.NAME && text.equals(name);
  }

  /** As it reads in a message. */
  String words() {
    return switch (type) {
      case TEXT -> "template text";
      case BLOCK_BEGIN -> "'{%'";
      case BLOCK_END -> "'%}'";
      case PRINT_BEGIN -> "'{{'";
      case PRINT_END -> "'}}'";
      case NAME, OPERATOR -> "'" + text + "'";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case END -> "the end of the template";
    };
  }
}
