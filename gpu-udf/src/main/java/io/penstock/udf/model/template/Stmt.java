package io.penstock.udf.model.template;

/** A statement of a template; immutable. Run through {@link Run#exec} alone. */
interface Stmt {

  /** Where it stands in the template's text. */
  int at();

  /** Renders to {@code out}, and says how the loop around it goes on. */
  Flow exec(Run run, Scope scope, Output out);

  /** How the loop around a statement goes on. */
  enum Flow {
    NEXT,
    CONTINUE,
    BREAK
  }
}
