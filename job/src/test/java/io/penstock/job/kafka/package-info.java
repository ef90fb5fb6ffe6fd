/** Tests of the Kafka edges. */
package io.penstock.job.kafka;
