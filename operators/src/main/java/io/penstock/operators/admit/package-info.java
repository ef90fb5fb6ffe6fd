/** Turns records into prompts: decodes, validates and tokenizes them, or says why not. */
package io.penstock.operators.admit;
