package io.penstock.udf.backend.cpu;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of zeroed memory outside the Java heap, aligned to {@value #ALIGNMENT} bytes. It is plain
 * {@code calloc}: the JVM's limit on direct memory does not count it, and large blocks take
 * physical memory only where they are written. All blocks together may be as large as the machine's
 * memory (or the container's): what is beyond is refused when it is asked for, not when it is
 * written. Blocks may be larger than 2 GiB; views of them may not.
 *
 * <p>Safe for use by several threads; closed once by its owner, after which views must not be
 * touched.
 */
final class NativeBlock implements AutoCloseable {
  static final int ALIGNMENT = 64;

  private static final AtomicLong HELD_BYTES = new AtomicLong();

  static {
    JavaCpp.unlimited();
  }

  private final Pointer start;
  private final long address;
  private final long sizeBytes;
  private boolean closed;

  private NativeBlock(Pointer start, long sizeBytes) {
    this.start = start;
    this.sizeBytes = sizeBytes;
    this.address = (start.address() + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /**
   * @param sizeBytes size, not negative
   * @param purpose what for, and what would make it smaller; for the message
   * @return a zeroed block
   * @throws IllegalStateException if the memory is not there
   */
  static NativeBlock allocate(long sizeBytes, String purpose) {
    checkFits(sizeBytes, purpose, HELD_BYTES.get(), physicalBytes());
    Pointer start = Pointer.calloc(1, Math.addExact(sizeBytes, 2L * ALIGNMENT));
    if (start == null || start.isNull()) {
      throw new IllegalStateException(
          "no memory for "
              + purpose
              + ": bytes="
              + sizeBytes
              + " availableBytes="
              + Pointer.availablePhysicalBytes()
              + " heldBytes="
              + HELD_BYTES.get());
    }
    HELD_BYTES.addAndGet(sizeBytes);
    return new NativeBlock(start, sizeBytes);
  }

  /** Refuses what can never be written to the end. */
  static void checkFits(long sizeBytes, String purpose, long heldBytes, long physicalBytes) {
    if (sizeBytes > physicalBytes - heldBytes) {
      throw new IllegalStateException(
          "no memory for "
              + purpose
              + ": bytes="
              + sizeBytes
              + " heldBytes="
              + heldBytes
              + " physicalBytes="
              + physicalBytes);
    }
  }

  /** Memory of the machine, or of the container this process runs in. */
  private static long physicalBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  /**
   * @return bytes of all blocks of this process that are not closed
   */
  static long heldBytes() {
    return HELD_BYTES.get();
  }

  long address() {
    return address;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /**
   * @param offset where the view begins
   * @param bytes its length, below 2 GiB
   * @return a direct little-endian buffer over part of this block
   */
  ByteBuffer view(long offset, long bytes) {
    if (offset < 0 || bytes < 0 || offset + bytes > sizeBytes || bytes > Integer.MAX_VALUE) {
      throw new IndexOutOfBoundsException(
          "view offset=" + offset + " bytes=" + bytes + " of a block of bytes=" + sizeBytes);
    }
    return new Range(address + offset, bytes).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The whole block. */
  ByteBuffer view() {
    return view(0, sizeBytes);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      HELD_BYTES.addAndGet(-sizeBytes);
      Pointer.free(start);
    }
  }

  /** A range of addresses as JavaCPP wants it; owns nothing. */
  private static final class Range extends BytePointer {
    Range(long address, long bytes) {
      super((Pointer) null);
      this.address = address;
      this.limit = bytes;
      this.capacity = bytes;
    }
  }
}
