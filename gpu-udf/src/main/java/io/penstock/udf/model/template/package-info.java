/**
 * Chat templates: an interpreter for the part of Jinja that the templates of language models use,
 * with the semantics of Hugging Face transformers' sandboxed environment. Pure; templates are
 * untrusted.
 */
package io.penstock.udf.model.template;
