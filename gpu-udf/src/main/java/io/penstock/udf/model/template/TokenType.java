package io.penstock.udf.model.template;

/** What a {@link Token} is. */
enum TokenType {
  TEXT,
  BLOCK_BEGIN,
  BLOCK_END,
  PRINT_BEGIN,
  PRINT_END,
  NAME,
  STRING,
  NUMBER,
  OPERATOR,
  END
}
