package io.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.job.ClusterSlots.Room;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterSlotsTest {

  @ParameterizedTest(name = "{0} TaskManagers of {1} cores: {2} stages, {3} edges")
  @CsvSource({
    "1, 1, 1, 1, true",
    "2, 1, 2, 1, true",
    "3, 1, 2, 1, true",
    "1, 1, 2, 1, false",
    "1, 2, 2, 1, true",
    "2, 1, 3, 1, false",
    "2, 1, 2, 2, true",
    "2, 1, 2, 3, false",
    "0, 1, 1, 1, false",
  })
  void oneStageAndOneEdgeFitACore(
      int taskManagers, double cores, int stages, int edges, boolean fit) {
    List<Room> free = Collections.nCopies(taskManagers, new Room(cores, 1024));
    assertThat(ClusterSlots.fits(free, stages, edges)).isEqualTo(fit);
  }

  @ParameterizedTest
  @CsvSource({"256, true", "255, false"})
  void heapCounts(int heapMb, boolean fit) {
    assertThat(ClusterSlots.fits(List.of(new Room(1, heapMb)), 1, 1)).isEqualTo(fit);
  }
}
