package io.penstock.udf.model.template;

/**
 * Something that a template can call.
 *
 * @param name as it prints
 * @param body what it does
 */
record Function(String name, Body body) {
  interface Body {
    Object call(Run run, Arguments arguments);
  }
}
