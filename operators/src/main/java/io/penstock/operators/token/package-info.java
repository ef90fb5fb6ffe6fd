/** The end of the pipeline: from a prompt's last logits to its first token and its result. */
package io.penstock.operators.token;
