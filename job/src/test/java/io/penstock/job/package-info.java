/** Tests of the options, the plan, the graph and of whole jobs. */
package io.penstock.job;
