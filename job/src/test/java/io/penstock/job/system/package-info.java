/** The whole path as a user runs it: real processes, started and driven by scripts/penstock. */
package io.penstock.job.system;
