/** Layout of the KV pool: pages, bytes per token. Pure. */
package io.penstock.udf.kv;
