/**
 * The fast CPU backend: products by oneDNN in bf16 or float32, everything between them by the
 * Vector API, or by plain Java on a JVM without it.
 *
 * <pre>
 *   CpuBackend ─┬─ ProductOperation ──── Product (oneDNN matmul, one call object per lane)
 *               ├─ AttentionOperation ── Product, RowKernels, PagedKeysValues
 *               ├─ RopeOperation, NormOperation, GateOperation, … ── RowKernels
 *               ├─ Team: the lanes that share an operation
 *               └─ NativeBlock: all memory, outside the Java heap
 * </pre>
 */
package io.penstock.udf.backend.cpu;
