/**
 * Models as they come from files: configuration, layer ranges, weights, tokenizer. Pure but for
 * file access and the native tokenizer.
 */
package io.penstock.udf.model;
