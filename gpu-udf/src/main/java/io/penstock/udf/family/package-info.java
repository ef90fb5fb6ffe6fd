/** What a layer does, once per model architecture, in terms of backend operations. */
package io.penstock.udf.family;
