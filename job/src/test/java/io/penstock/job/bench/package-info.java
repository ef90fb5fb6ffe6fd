/** Tests of {@code penstock bench}. */
package io.penstock.job.bench;
