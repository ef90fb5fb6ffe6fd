/** Tests of whole jobs in this process. */
package io.penstock.job.local;
