/** Tests of the command line tools, with a job on Kafka. */
package io.penstock.job.cli;
