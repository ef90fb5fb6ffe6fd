/** The Flink job: its options, what they resolve to at submission, and the graph. */
package io.penstock.job;
