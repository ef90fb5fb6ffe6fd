package io.penstock.udf.model.template;

/** An expression of a template; immutable. Evaluated through {@link Run#eval} alone. */
interface Expr {

  /** Where it stands in the template's text. */
  int at();

  /**
   * @return a value: null for Python's None, Boolean, Long, BigInteger, Double, String, List,
   *     {@link Tuple}, Map, {@link Undefined}, or something of this package
   */
  Object eval(Run run, Scope scope);
}
