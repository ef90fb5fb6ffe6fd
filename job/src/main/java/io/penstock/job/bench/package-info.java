/** {@code penstock bench}: the job measured beside its bare stages, and beside llama.cpp. */
package io.penstock.job.bench;
