package io.penstock.job;

import org.apache.flink.api.common.operators.SlotSharingGroup;
import org.apache.flink.configuration.MemorySize;

/**
 * What a slot takes of its TaskManager, in Flink's accounting. Model weights and the KV cache are
 * native memory outside of it.
 *
 * @param cores CPU cores
 * @param heap heap
 */
record SlotNeed(double cores, MemorySize heap) {
  /** A slot sharing group that needs this. */
  SlotSharingGroup group(String name) {
    return SlotSharingGroup.newBuilder(name).setCpuCores(cores).setTaskHeapMemory(heap).build();
  }

  @Override
  public String toString() {
    return "cores=" + cores + " heap=" + heap.getMebiBytes() + "mb";
  }
}
