/** Memory and fused operations of a kind of device; one subpackage for each kind. */
package io.penstock.udf.backend;
