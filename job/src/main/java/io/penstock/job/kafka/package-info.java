/** The job's edges on Kafka: prompts and cancels in, results and dead letters out, their topics. */
package io.penstock.job.kafka;
