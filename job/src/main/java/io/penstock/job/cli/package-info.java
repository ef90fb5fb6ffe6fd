/** What {@code scripts/penstock} runs besides the job: one class of subcommands. */
package io.penstock.job.cli;
