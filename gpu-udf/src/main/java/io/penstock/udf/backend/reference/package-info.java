/** Plain Java on the heap, slow and obviously right: what every other backend is compared with. */
package io.penstock.udf.backend.reference;
