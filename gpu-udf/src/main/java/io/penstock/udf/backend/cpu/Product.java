package io.penstock.udf.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_fpmath_mode_strict;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_clone;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_fpmath_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A oneDNN matmul primitive of one shape, made for one OpenMP thread and a scratchpad of the
 * caller's, so that several lanes may run it at once, each through a {@link ProductCall} of its
 * own. Closed by whoever made it, after its calls.
 */
final class Product implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Product.class);

  private final ProductShape shape;
  private final Held held = new Held();
  private final dnnl_memory_desc source;
  private final dnnl_memory_desc weights;
  private final dnnl_memory_desc bias;
  private final dnnl_memory_desc result;
  private final dnnl_memory_desc scratchpad;
  private final dnnl_primitive primitive;
  private final String implementation;

  /**
   * @param shape its shape
   * @throws IllegalStateException if oneDNN has no kernel for it, or none but a slow one
   */
  Product(ProductShape shape) {
    this(shape, null);
  }

  /**
   * @param shape its shape
   * @param packing how another product wants its weights, for this one to take them so; null for
   *     what the layout says
   * @throws IllegalStateException if oneDNN has no kernel for it, or none but a slow one
   */
  Product(ProductShape shape, dnnl_memory_desc packing) {
    OpenMp.oneThread(); // the kernel's blocking depends on the number of threads
    int type = shape.precision().oneDnnType();
    this.shape = shape;
    try (Held passing = new Held()) {
      this.source =
          kept(held, OneDnn.strided(type, shape.rows(), shape.inner(), shape.sourceStride(), 1));
      this.result =
          kept(held, OneDnn.strided(dnnl_f32, shape.rows(), shape.cols(), shape.resultStride(), 1));
      this.bias =
          shape.bias()
              ? kept(held, OneDnn.strided(dnnl_f32, 1, shape.cols(), shape.cols(), 1))
              : null;
      dnnl_memory_desc asked = kept(passing, packing == null ? weightsAsked(type) : copy(packing));
      dnnl_primitive_desc desc = plan(asked, attributes(passing), passing);
      this.primitive = new dnnl_primitive();
      OneDnn.check(dnnl_primitive_create(primitive, desc), "dnnl_primitive_create " + shape);
      held.add(() -> dnnl_primitive_destroy(primitive));
      this.weights = kept(held, copy(dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)));
      this.scratchpad =
          kept(held, copy(dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0)));
      this.implementation = implementation(desc);
      refuseSlow(shape, implementation, OneDnn.hasFastProducts());
    } catch (RuntimeException | Error e) {
      held.close();
      throw e;
    }
  }

  private static dnnl_memory_desc kept(Held by, dnnl_memory_desc desc) {
    by.add(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  private static dnnl_primitive_attr attributes(Held passing) {
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    OneDnn.check(dnnl_primitive_attr_create(attributes), "dnnl_primitive_attr_create");
    passing.add(() -> dnnl_primitive_attr_destroy(attributes));
    OneDnn.check(
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
        "dnnl_primitive_attr_set_scratchpad_mode");
    // Whatever ONEDNN_DEFAULT_FPMATH_MODE says: float32 means float32.
    OneDnn.check(
        dnnl_primitive_attr_set_fpmath_mode(attributes, dnnl_fpmath_mode_strict),
        "dnnl_primitive_attr_set_fpmath_mode");
    return attributes;
  }

  private dnnl_primitive_desc plan(
      dnnl_memory_desc asked, dnnl_primitive_attr attributes, Held passing) {
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    OneDnn.check(
        dnnl_matmul_primitive_desc_create(
            desc, OneDnn.sharedEngine(), source, asked, bias, result, attributes),
        "dnnl_matmul_primitive_desc_create " + shape);
    passing.add(() -> dnnl_primitive_desc_destroy(desc));
    return desc;
  }

  /**
   * oneDNN's reference kernel is right and some hundred times slower: never to be taken unnoticed.
   *
   * @param better whether this machine has instructions that fast kernels are made of
   * @throws IllegalStateException if it would be taken although the machine has better
   */
  static void refuseSlow(ProductShape shape, String implementation, boolean better) {
    if (!implementation.contains("ref")) {
      return;
    }
    if (!better) {
      LOG.warn(
          "slow kernel for a product, this machine has no AVX2: shape={} implementation={}",
          shape,
          implementation);
      return;
    }
    throw new IllegalStateException(
        "oneDNN has no fast kernel for a product of this model: implementation="
            + implementation
            + " "
            + shape
            + "; use "
            + (shape.precision() == CpuPrecision.BF16 ? "--cpu-precision f32, or " : "")
            + "--backend reference");
  }

  private dnnl_memory_desc weightsAsked(int type) {
    return switch (shape.layout()) {
      case TRANSPOSED -> OneDnn.strided(type, shape.inner(), shape.cols(), 1, shape.inner());
      case PLAIN -> OneDnn.strided(type, shape.inner(), shape.cols(), shape.cols(), 1);
      case PACKED -> OneDnn.tagged(type, shape.inner(), shape.cols(), dnnl_format_tag_any);
    };
  }

  private static dnnl_memory_desc copy(dnnl_memory_desc owned) {
    dnnl_memory_desc copy = new dnnl_memory_desc();
    OneDnn.check(dnnl_memory_desc_clone(copy, owned), "dnnl_memory_desc_clone");
    return copy;
  }

  private static String implementation(dnnl_primitive_desc desc) {
    try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
      OneDnn.check(
          dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, text),
          "dnnl_primitive_desc_query");
      return text.get(BytePointer.class, 0).getString();
    }
  }

  ProductShape shape() {
    return shape;
  }

  /** oneDNN's name of the kernel, for instance {@code brg_matmul:avx512_core_bf16}. */
  String implementation() {
    return implementation;
  }

  dnnl_primitive primitive() {
    return primitive;
  }

  dnnl_memory_desc source() {
    return source;
  }

  /** How the weights must lie. */
  dnnl_memory_desc weights() {
    return weights;
  }

  /** Null without a bias. */
  dnnl_memory_desc bias() {
    return bias;
  }

  dnnl_memory_desc result() {
    return result;
  }

  dnnl_memory_desc scratchpad() {
    return scratchpad;
  }

  @Override
  public void close() {
    held.close();
  }
}
