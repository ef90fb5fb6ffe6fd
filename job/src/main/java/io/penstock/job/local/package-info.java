/** The same job graph inside one JVM: prompts from a JSONL file, answers to a JSONL file. */
package io.penstock.job.local;
