package io.penstock.udf.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class TeamTest {

  @Test
  void doesEveryPartOnce() {
    try (Team team = new Team(3, "team-test")) {
      for (int round = 0; round < 2000; round++) {
        int parts = round % 7;
        AtomicIntegerArray done = new AtomicIntegerArray(parts);
        team.run((part, lane) -> done.incrementAndGet(part), parts);
        for (int part = 0; part < parts; part++) {
          assertThat(done.get(part)).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void passesFailuresOnAndGoesOn() {
    try (Team team = new Team(2, "team-test")) {
      assertThatThrownBy(
              () ->
                  team.run(
                      (part, lane) -> {
                        throw new IllegalStateException("part=" + part);
                      },
                      5))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("part=");
      AtomicIntegerArray done = new AtomicIntegerArray(4);
      team.run((part, lane) -> done.incrementAndGet(part), 4);
      assertThat(done).hasToString("[1, 1, 1, 1]");
    }
  }

  @Test
  void endsItsThreads() {
    Team team = new Team(3, "team-end-test");
    team.run((part, lane) -> {}, 3);
    team.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("team-end-test"));
  }

  @Test
  void oneDnnRunsOnTheCallingThreadAlone() throws InterruptedException {
    int[] threads = new int[1];
    Thread thread =
        new Thread(
            () -> {
              try (Team team = new Team(1, "team-test")) {
                team.run((part, lane) -> threads[0] = OpenMp.threads(), 1);
              }
            });
    thread.start();
    thread.join();
    assertThat(threads[0]).isEqualTo(1);
  }
}
