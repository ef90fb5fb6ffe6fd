package io.penstock.udf.backend.cpu;

import io.penstock.udf.backend.Backend;
import io.penstock.udf.kv.KvLayout;
import java.nio.ByteBuffer;

/**
 * The KV pool. Keys and values lie apart, one region for each layer and KV head, so that pages with
 * consecutive ids are one matrix that a product reads where it is:
 *
 * <pre>
 *   layer ─ KV head ─ keys   ─ page 0: token 0 … 63, headDim elements each ─ page 1 ─ …
 *                   └ values ─ page 0: token 0 … 63, headDim elements each ─ page 1 ─ …
 * </pre>
 *
 * In bf16, the values of a page are in {@link ValueOrder}.
 *
 * <p>Memory is zero until written, and takes physical memory only where it has been.
 */
final class PagedKeysValues implements Backend.KvPool {
  private final KvLayout layout;
  private final int pages;
  private final NativeBlock memory;
  private final ByteBuffer[] regions;
  private final long regionBytes;

  PagedKeysValues(KvLayout layout, int pages) {
    this.layout = layout;
    this.pages = pages;
    this.regionBytes = (long) pages * pageBytes();
    if (regionBytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "too many KV pages for one pool: pages="
              + pages
              + " most="
              + Integer.MAX_VALUE / pageBytes()
              + "; lower --max-total-tokens");
    }
    this.memory =
        NativeBlock.allocate(
            layout.poolBytes(pages), "the KV pool of pages=" + pages + " (--max-total-tokens)");
    this.regions = new ByteBuffer[2 * layout.layers() * layout.kvHeads()];
    for (int i = 0; i < regions.length; i++) {
      regions[i] = memory.view(i * regionBytes, regionBytes);
    }
  }

  int pages() {
    return pages;
  }

  long sizeBytes() {
    return memory.sizeBytes();
  }

  int kvHeads() {
    return layout.kvHeads();
  }

  int headDim() {
    return layout.headDim();
  }

  int rowBytes() {
    return layout.headDim() * layout.elementBytes();
  }

  /** Bytes of a page of keys, or of values, of one head. */
  int pageBytes() {
    return KvLayout.PAGE_TOKENS * rowBytes();
  }

  private int region(int layer, int kvHead, boolean values) {
    return 2 * (layer * layout.kvHeads() + kvHead) + (values ? 1 : 0);
  }

  /** Keys or values of one layer and head, page after page. */
  ByteBuffer view(int layer, int kvHead, boolean values) {
    return regions[region(layer, kvHead, values)];
  }

  long address(int layer, int kvHead, boolean values, int page) {
    return memory.address()
        + region(layer, kvHead, values) * regionBytes
        + (long) page * pageBytes();
  }

  @Override
  public void close() {
    memory.close();
  }
}
