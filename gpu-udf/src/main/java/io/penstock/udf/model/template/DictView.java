package io.penstock.udf.model.template;

import java.util.List;

/**
 * What {@code dict.items()}, {@code keys()} and {@code values()} give.
 *
 * @param name as Python names its type
 * @param items not to be changed
 */
record DictView(String name, List<Object> items) {}
