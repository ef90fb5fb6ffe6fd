/** Keeps servers that cannot be told an address on this machine alone. */
package io.penstock.udf.loopback;
