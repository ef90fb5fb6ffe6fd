package io.penstock.operators.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.schemas.Cancel;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class OwnKeysTest {
  private static final int HEADS = 3;

  private static int headOf(String requestId, String routingKey) {
    Cancel cancel = new Cancel(requestId, routingKey, null);
    List<Integer> heads =
        IntStream.range(0, HEADS)
            .filter(index -> new OwnKeys(128, HEADS, index).hold(cancel))
            .boxed()
            .toList();
    assertThat(heads).as("heads that hold %s", cancel).hasSize(1);
    return heads.get(0);
  }

  @Test
  void oneHeadHoldsACancelAndItIsTheOneOfItsKey() {
    boolean elsewhere = false;
    for (int i = 0; i < 100; i++) {
      String id = "request-" + i;
      assertThat(headOf(id, "key")).isEqualTo(headOf("another", "key"));
      assertThat(headOf(id, null)).isEqualTo(headOf("another", id));
      assertThat(headOf(id, "")).isEqualTo(headOf(id, null));
      elsewhere |= headOf(id, null) != headOf(id, "key");
    }
    assertThat(elsewhere).as("a routing key sends some elsewhere than their id").isTrue();
  }

  @Test
  void aSingleHeadHoldsAll() {
    assertThat(new OwnKeys(128, 1, 0).hold(new Cancel("r1", "any", null))).isTrue();
  }
}
