package io.penstock.udf.model.template;

/** Where a rendering goes: the prompt itself, or a part that is captured. */
final class Output {
  private final StringBuilder text = new StringBuilder();
  private final Budget budget;

  Output(Budget budget) {
    this.budget = budget;
  }

  void append(String string) {
    budget.string(string.length());
    if ((long) text.length() + string.length() > budget.limits().chars()) {
      throw Failure.limit("output is too long: limit_chars=" + budget.limits().chars());
    }
    text.append(string);
  }

  String text() {
    budget.string(text.length());
    return text.toString();
  }
}
